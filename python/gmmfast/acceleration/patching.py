"""Drop-in acceleration: scikit-learn's two mixture classes are replaced by gmmfast's.

The classes are replaced wherever a loaded module has them as globals, under any name. Existing
instances keep their class, and count as instances of the class that replaces it. The module that
defines a class keeps it, too: the pickle of a plain estimator, for example of `to_sklearn()`,
refers to this module, and pickle refuses to write it if another class is found there.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from gmmfast import _log, estimators

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Place = tuple[dict[str, Any], str]

_NAMES = ("GaussianMixture", "BayesianGaussianMixture")

_lock = threading.Lock()
#: Places with a class that patching replaced; None while scikit-learn is not patched.
_replaced: list[Place] | None = None
#: Places that had gmmfast's classes before patching, and keep them.
_own: list[Place] = []


def _pairs() -> dict[type, type]:
    """Return gmmfast's class for each of scikit-learn's."""
    ours = [getattr(estimators, name) for name in _NAMES]
    return {each.__bases__[-1]: each for each in ours}


def _places_of(classes: Iterable[type]) -> list[Place]:
    """Return the globals of loaded modules, with the names that refer to one of the classes.

    Modules of gmmfast and those that define the classes are left out.
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
            # The __getattribute__ of a lazy module would load it.
            namespace = object.__getattribute__(module, "__dict__")
        except AttributeError:
            continue  # a placeholder such as None
        if type(namespace) is dict and id(namespace) not in seen:
            seen.add(id(namespace))
            yield namespace


def _exchange(places: Iterable[Place], pairs: dict[type, type]) -> None:
    """Replace one class of a pair by the other in each place that still has it."""
    others = {id(one): other for one, other in pairs.items()}
    for namespace, name in places:
        other = others.get(id(namespace.get(name)))
        if other is not None:
            namespace[name] = other


def _take_in_instances(ours: Iterable[Any], *, wanted: bool) -> None:
    """Let instances of the class that each of gmmfast's replaces count as its own, or not."""
    for each in ours:
        each._is_patched_in = wanted  # noqa: SLF001 (see __subclasshook__)
        each._abc_caches_clear()  # noqa: SLF001 (isinstance and issubclass remember answers)


def patch_sklearn(*, verbose: bool = False, strict: bool = False) -> None:
    """Replace scikit-learn's mixture estimators by gmmfast's.

    `sklearn.mixture.GaussianMixture` and `BayesianGaussianMixture` are replaced by their
    subclasses in gmmfast, in `sklearn.mixture` and in every module that has imported them,
    under any name. A script then runs unchanged, only faster. Patching twice has no further
    effect.

    Parameters
    ----------
    verbose : bool, default=False
        Whether to write a line on standard error for every call, until unpatched:
        "accelerated", or "fallback to scikit-learn" and the reason.
    strict : bool, default=False
        Whether calls that would fall back to scikit-learn raise `FallbackError` instead,
        until unpatched.

    Notes
    -----
    Estimators made before, or loaded from an older pickle, remain scikit-learn's. They can be
    used, cloned and pickled as before. Until unpatched, `isinstance` and `issubclass` take them
    and their subclasses for instances and subclasses of what `sklearn.mixture.GaussianMixture`
    now names. Estimators made after patching are pickled as gmmfast's; those of `to_sklearn`
    as scikit-learn's.
    Other references than globals of modules (defaults of arguments, items of a list) keep
    their class. Every new process must be patched.

    `python -m gmmfast script.py`, `%load_ext gmmfast` in a notebook, and the environment
    variable `GMMFAST_PATCH_SKLEARN=1` patch as well.

    See Also
    --------
    profile : Counts and times the calls that were accelerated and those that fell back.
    unpatch_sklearn : Restores scikit-learn's classes.
    kernel_calls : Counts the calls of each kernel.

    Examples
    --------
    >>> import gmmfast
    >>> gmmfast.patch_sklearn()
    >>> from sklearn.mixture import GaussianMixture
    >>> GaussianMixture.__module__
    'gmmfast.estimators.gaussian'
    >>> gmmfast.unpatch_sklearn()
    """
    global _replaced  # noqa: PLW0603 (patches are global)
    if verbose:
        _log.set_verbose(verbose=True)
    if strict:
        _log.set_strict(strict=True)
    pairs = _pairs()
    with _lock:
        if _replaced is not None:
            return
        _own[:] = _places_of(pairs.values())
        _replaced = _places_of(pairs)
        _exchange(_replaced, pairs)
        _take_in_instances(pairs.values(), wanted=True)


def unpatch_sklearn() -> None:
    """Restore scikit-learn's classes.

    Modules loaded since patching get scikit-learn's classes, even if they imported gmmfast's
    from gmmfast.

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
        # Replaced places may belong to modules that have left sys.modules.
        places = [*_replaced, *_places_of(originals)]
        _exchange([each for each in places if (id(each[0]), each[1]) not in own], originals)
        _replaced = None
        _own.clear()
        _take_in_instances(originals, wanted=False)
    _log.set_verbose(verbose=_switch("GMMFAST_VERBOSE"))
    _log.set_strict(strict=_switch("GMMFAST_STRICT"))


def is_patched() -> bool:
    """Return whether scikit-learn's mixture classes are replaced by gmmfast's.

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


def patch_from_environment() -> None:
    """Patch and log as the environment variables request.

    Raises
    ------
    ImportError
        If the value of a variable is not empty, "0" or "1".
    """
    if _switch("GMMFAST_VERBOSE"):
        _log.set_verbose(verbose=True)
    if _switch("GMMFAST_STRICT"):
        _log.set_strict(strict=True)
    if _switch("GMMFAST_PATCH_SKLEARN"):
        patch_sklearn()


def _switch(variable: str) -> bool:
    value = os.environ.get(variable, "").strip()
    if value not in ("", "0", "1"):
        raise ImportError(f"{variable}: expected '1' or '0', got {value!r}")
    return value == "1"
