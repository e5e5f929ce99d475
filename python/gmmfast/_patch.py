"""Drop-in acceleration: scikit-learn's two mixture classes are replaced by gmmfast's.

Only the public classes are, wherever a loaded module has them as globals, under whatever
name. Instances that exist already stay what they are.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from gmmfast import _log

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("GaussianMixture", "BayesianGaussianMixture")

#: Where patching found what it replaced; None while scikit-learn is not patched.
_replaced: list[tuple[dict[str, Any], str]] | None = None
#: Where gmmfast's own classes were before, which stay.
_own: list[tuple[dict[str, Any], str]] = []


def _pairs() -> dict[type, type]:
    """Return gmmfast's class for each of scikit-learn's."""
    from gmmfast import estimators  # noqa: PLC0415 (imports scikit-learn)

    ours = [getattr(estimators, name) for name in _NAMES]
    return {each._sklearn_class: each for each in ours}  # noqa: SLF001


def _globals_that_are(classes: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the globals of all modules but gmmfast's, and names in them, that are classes."""
    known = {id(each) for each in classes}
    for name, module in list(sys.modules.items()):
        if name.split(".", 1)[0] == "gmmfast":
            continue
        namespace = getattr(module, "__dict__", None)  # placeholders may have none
        if type(namespace) is dict:
            for attribute, value in list(namespace.items()):
                if id(value) in known:
                    yield namespace, attribute


def patch_sklearn(*, verbose: bool = False) -> None:
    """Put gmmfast's estimators in the place of scikit-learn's.

    `sklearn.mixture.GaussianMixture` and `BayesianGaussianMixture` are replaced by their
    subclasses in gmmfast, in scikit-learn and in every module that has imported them, so
    that a script runs as it is, only faster. Instances made before stay what they are, and
    `isinstance(model, GaussianMixture)` is then a question about gmmfast's class.

    Parameters
    ----------
    verbose : bool, default=False
        Write a line on standard error for every call: "accelerated", or "fallback to
        scikit-learn" and why.

    See Also
    --------
    unpatch_sklearn : Undoes it.
    kernel_calls : Counts what ran on the kernels.

    Examples
    --------
    >>> import gmmfast
    >>> gmmfast.patch_sklearn()
    >>> from sklearn.mixture import GaussianMixture
    >>> GaussianMixture.__module__
    'gmmfast.estimators'
    >>> gmmfast.unpatch_sklearn()
    """
    global _replaced  # noqa: PLW0603 (so is what it patches)
    if verbose:
        _log.set_verbose(verbose=True)
    if _replaced is not None:
        return
    pairs = _pairs()
    _own[:] = _globals_that_are(pairs.values())
    _replaced = list(_globals_that_are(pairs))
    for namespace, name in _replaced:
        namespace[name] = pairs[namespace[name]]


def unpatch_sklearn() -> None:
    """Give scikit-learn its classes back.

    Also in modules that were loaded meanwhile, whose classes were gmmfast's whether they
    imported them from scikit-learn or from gmmfast.

    Examples
    --------
    >>> import gmmfast
    >>> gmmfast.unpatch_sklearn()  # does nothing if it is not patched
    >>> gmmfast.is_patched()
    False
    """
    global _replaced  # noqa: PLW0603
    if _replaced is None:
        return
    originals = {ours: theirs for theirs, ours in _pairs().items()}
    own = {(id(namespace), name) for namespace, name in _own}
    for namespace, name in _globals_that_are(originals):
        if (id(namespace), name) not in own:
            namespace[name] = originals[namespace[name]]
    _replaced = None
    _own.clear()


def is_patched() -> bool:
    """Return whether scikit-learn's mixture classes are gmmfast's at present.

    Examples
    --------
    >>> import gmmfast
    >>> gmmfast.is_patched()
    False
    """
    return _replaced is not None


def get_patch_names() -> list[str]:
    """Return the full names of the classes that `patch_sklearn` replaces.

    Examples
    --------
    >>> import gmmfast
    >>> gmmfast.get_patch_names()
    ['sklearn.mixture.GaussianMixture', 'sklearn.mixture.BayesianGaussianMixture']
    """
    return [f"sklearn.mixture.{name}" for name in _NAMES]


def kernel_calls() -> dict[str, int]:
    """Return how often each kernel of gmmfast has done its work in this process.

    Returns
    -------
    dict of str to int
        "expectation" is one step of EM over all points (or a chunk of them); the other
        names speak for themselves.

    Examples
    --------
    >>> import gmmfast
    >>> before = gmmfast.kernel_calls()["score_samples"]
    >>> _ = gmmfast.Mixture([1.0], [[0.0]], [1.0]).score_samples([[0.5]])
    >>> gmmfast.kernel_calls()["score_samples"] - before
    1
    """
    from gmmfast import _backend  # noqa: PLC0415 (its name says which backend that is)

    return dict(sorted(_backend.kernel_calls().items()))


def patch_as_asked() -> None:
    """Patch if the environment variables ask for it.

    ImportError for values that mean nothing.
    """
    verbose = _switch("GMMFAST_VERBOSE")
    if verbose:
        _log.set_verbose(verbose=True)
    if _switch("GMMFAST_PATCH_SKLEARN"):
        patch_sklearn()


def _switch(variable: str) -> bool:
    value = os.environ.get(variable, "").strip()
    if value not in ("", "0", "1"):
        raise ImportError(f"{variable}: expected '1' or '0', got {value!r}")
    return value == "1"
