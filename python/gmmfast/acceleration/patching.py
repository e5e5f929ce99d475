"""Drop-in acceleration: scikit-learn's two mixture classes are replaced by gmmfast's.

Only the public classes are, wherever a loaded module has them as globals, under whatever
name. Instances that exist already stay what they are. So does the class's address in the
module that defines it: a pickle of a plain estimator refers to it, and pickle refuses to
write one (of `to_sklearn()`, say) while another class is found there.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from gmmfast import _log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Place = tuple[dict[str, Any], str]

_NAMES = ("GaussianMixture", "BayesianGaussianMixture")

_lock = threading.Lock()
#: Where patching found what it replaced; None while scikit-learn is not patched.
_replaced: list[Place] | None = None
#: Where gmmfast's own classes were before, which stay.
_own: list[Place] = []


def _pairs() -> dict[type, type]:
    """Return gmmfast's class for each of scikit-learn's."""
    from gmmfast import estimators  # noqa: PLC0415 (imports scikit-learn)

    ours = [getattr(estimators, name) for name in _NAMES]
    return {each._sklearn_class: each for each in ours}  # noqa: SLF001


def _places_of(classes: Iterable[type]) -> list[Place]:
    """Return the globals of loaded modules, and names in them, that are one of the classes.

    Of all modules but gmmfast's own and those that define the classes.
    """
    wanted = {id(each) for each in classes}
    homes = {each.__module__ for each in classes}
    return [
        (namespace, name)
        for namespace in _namespaces(homes)
        for name, value in list(namespace.items())
        if id(value) in wanted
    ]


def _namespaces(homes: set[str]) -> Iterator[dict[str, Any]]:
    seen = set()  # a module may have several names: __mp_main__ is __main__
    for key, module in list(sys.modules.items()):
        if str(key).split(".", 1)[0] == "gmmfast" or key in homes:
            continue
        try:
            # Past the __getattribute__ of lazy modules, which would load them.
            namespace = object.__getattribute__(module, "__dict__")
        except AttributeError:
            continue  # a placeholder, as None is
        if type(namespace) is dict and id(namespace) not in seen:
            seen.add(id(namespace))
            yield namespace


def _exchange(places: Iterable[Place], pairs: dict[type, type]) -> None:
    """Put the other class of a pair at each place that still has the one."""
    others = {id(one): other for one, other in pairs.items()}
    for namespace, name in places:
        other = others.get(id(namespace.get(name)))
        if other is not None:
            namespace[name] = other


def patch_sklearn(*, verbose: bool = False) -> None:
    """Put gmmfast's estimators in the place of scikit-learn's.

    `sklearn.mixture.GaussianMixture` and `BayesianGaussianMixture` are replaced by their
    subclasses in gmmfast, in `sklearn.mixture` and in every module that has imported them,
    under whatever name, so that a script runs as it is, only faster. Patching twice does no
    more than patching once.

    Parameters
    ----------
    verbose : bool, default=False
        Until unpatched, write a line on standard error for every call: "accelerated", or
        "fallback to scikit-learn" and why.

    Notes
    -----
    Estimators made before, or loaded from an older pickle, stay scikit-learn's: they work
    and are cloned and pickled as ever, and they are not instances of the class that
    `sklearn.mixture.GaussianMixture` names now, which is a subclass of theirs. Estimators
    made since are pickled as gmmfast's; those of `to_sklearn` as scikit-learn's. Names that
    are no module's globals (defaults of arguments, items of a list) keep the class that they
    have, and a new process has to be patched anew.

    The same is done by `python -m gmmfast script.py`, by `%load_ext gmmfast` in a notebook,
    and, where gmmfast is imported at all, by the environment variable
    `GMMFAST_PATCH_SKLEARN=1`.

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
    'gmmfast.estimators.gaussian'
    >>> gmmfast.unpatch_sklearn()
    """
    global _replaced  # noqa: PLW0603 (so is what it patches)
    if verbose:
        _log.set_verbose(verbose=True)
    pairs = _pairs()
    with _lock:
        if _replaced is not None:
            return
        _own[:] = _places_of(pairs.values())
        _replaced = _places_of(pairs)
        _exchange(_replaced, pairs)


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
    originals = {ours: theirs for theirs, ours in _pairs().items()} if is_patched() else {}
    with _lock:
        if _replaced is None:
            return
        own = {(id(namespace), name) for namespace, name in _own}
        # Those replaced, too: their modules may have left sys.modules.
        places = [*_replaced, *_places_of(originals)]
        _exchange([each for each in places if (id(each[0]), each[1]) not in own], originals)
        _replaced = None
        _own.clear()
    _log.set_verbose(verbose=_switch("GMMFAST_VERBOSE"))


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
    from gmmfast import _core  # noqa: PLC0415 (its name says which backend that is)

    return dict(sorted(_core.kernel_calls().items()))


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
