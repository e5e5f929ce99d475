"""The cases in which scikit-learn's own code must run instead of the core.

These are arrays of other libraries under scikit-learn's array API dispatch, subclasses that
override a step of the algorithm, and scripts that replace a method or a function of scikit-learn.

The names that decide a method's result are read from scikit-learn's code when this module is
imported: beginning with the method, the methods of its class and the globals of its module that
the code names are recorded with their values, and their code is read in turn. Before each call
the recorded values are compared with the present ones, which takes a few microseconds. A value
that comes from neither scikit-learn nor a library below it was replaced before the import.
"""

from __future__ import annotations

import inspect
import sys
from functools import partial
from operator import is_
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import scipy.linalg
from sklearn import cluster
from sklearn.mixture import _base, _bayesian_mixture, _gaussian_mixture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Modules whose code is read. Functions of other modules are only compared.
_READ = ("sklearn.mixture.", "sklearn.cluster._kmeans")

#: Packages that define the values in scikit-learn's modules.
_LIBRARIES = (
    {"sklearn", "numpy", "scipy", "joblib", "threadpoolctl"} | set(sys.stdlib_module_names)
) - {"unittest", "functools"}

#: The core's EM loop calls these hooks as scikit-learn's loop does.
HOOKS = (
    "_print_verbose_msg_init_beg",
    "_print_verbose_msg_iter_end",
    "_print_verbose_msg_init_end",
)

#: Globals that only some values of `init_params` use; `_STARTS` records them.
_OF_STARTS = ("cluster", "KMeans", "kmeans_plusplus")

#: The recorded value of a name that had been replaced before this module was imported.
_REPLACED_EARLIER = object()


class _Record(NamedTuple):
    """Values at import, and the function that returns a present value by its name."""

    owner: str
    present: Callable[[str], Any]
    values: dict[str, Any]

    def replaced(self) -> str | None:
        """Return the first name whose value is another object now, or None."""
        names, values = self.values.keys(), self.values.values()
        if all(map(is_, map(self.present, names), values)):
            return None
        return next(name for name in names if self.present(name) is not self.values[name])


class _Reading:
    """The names that a method or a function of scikit-learn uses, with their values.

    Parameters
    ----------
    *roots : pairs (class or module, name)
        Where scikit-learn looks up the first methods, functions or classes to `fit`.
    """

    def __init__(self, *roots: tuple[Any, str]) -> None:
        self._roots = roots
        self._read()

    def _read(self) -> None:
        self._records: dict[int, _Record] = {}
        self._read_codes: set[CodeType] = set()
        for owner, name in self._roots:
            if isinstance(owner, type):
                self._note_method(owner, name)
            else:
                self._note_global(vars(owner), name)
        values = [each for record in self._records.values() for each in record.values.values()]
        self._is_complete = all(value is not _REPLACED_EARLIER for value in values)
        of_class = self._records.get(id(self._roots[0][0]))
        methods = {} if of_class is None else of_class.values
        #: The private methods of the first root, if it is a class: subclasses may override them.
        self.steps = {name: each for name, each in methods.items() if name.startswith("_")}

    def replaced(self) -> str | None:
        """Return the full name of what has been replaced in scikit-learn, or None."""
        if not self._is_complete:  # code that had been replaced could not be read
            self._read()
        for record in self._records.values():
            name = record.replaced()
            if name is not None:
                return f"{record.owner}.{name}"
        return None

    def is_first_replaced(self) -> bool:
        """Return whether the first root itself has been replaced."""
        owner, name = self._roots[0]
        record = self._records[id(owner)]
        return record.present(name) is not record.values[name]

    def _note_global(self, namespace: dict[str, Any], name: str) -> None:
        value = namespace[name]
        self._note(_Record(namespace["__name__"], namespace.get, {}), id(namespace), name, value)
        if isinstance(value, FunctionType):
            self._follow(value, None)
        elif isinstance(value, type) and value.__module__.startswith("sklearn.cluster."):
            self._note_method(value, "fit")

    def _note_method(self, cls: type, name: str) -> None:
        """Record a method of the class, and those of its bases that super() reaches."""
        homes = [base for base in cls.__mro__ if name in vars(base)]
        for base in homes[1:]:
            record = _Record(_full_name(base), vars(base).get, {})
            self._note(record, id(base), name, vars(base)[name])
        method = getattr(cls, name)
        self._note(_Record(_full_name(cls), partial(getattr, cls), {}), id(cls), name, method)
        for base in homes:
            self._follow(vars(base)[name], cls)

    def _note(self, record: _Record, key: int, name: str, value: Any) -> None:
        self._records.setdefault(key, record).values[name] = _known(value)

    def _follow(self, function: Any, cls: type | None) -> None:
        """Read the code of a function, as a method of the class."""
        function = inspect.unwrap(function)
        if not isinstance(function, FunctionType):
            return
        code, namespace = function.__code__, function.__globals__
        if code in self._read_codes or not _home(function).startswith(_READ):
            return
        self._read_codes.add(code)
        for name in _names_in(code):
            if name in namespace and name not in _OF_STARTS:
                self._note_global(namespace, name)
            elif cls is not None and _is_method(cls, name):
                self._note_method(cls, name)


def _is_method(cls: type, name: str) -> bool:
    return name not in HOOKS and callable(getattr(cls, name, None))


def _full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _names_in(code: CodeType) -> Iterator[str]:
    """Yield the globals and attributes that the code names, without special ones."""
    yield from (name for name in code.co_names if not name.startswith("__"))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _known(value: Any) -> Any:
    """Return the value if scikit-learn or a library below it made it."""
    if not callable(value):
        return value
    return value if _home(value).partition(".")[0] in _LIBRARIES else _REPLACED_EARLIER


def _home(value: Any) -> str:
    """Return the name of the module in which a function or class was defined."""
    if isinstance(value, FunctionType):  # functools.wraps changes __module__, not the globals
        return str(value.__globals__.get("__name__"))
    return str(getattr(value, "__module__", None) or type(value).__module__)


#: The readings of the public methods that gmmfast's classes override.
_METHODS = {
    (cls, name): _Reading((cls, name))
    for cls in (_gaussian_mixture.GaussianMixture, _bayesian_mixture.BayesianGaussianMixture)
    for name in ("fit", "fit_predict", "score_samples", "predict", "predict_proba")
}

_HOOKS = {name: _known(getattr(_base.BaseMixture, name)) for name in HOOKS}

#: The readings of the values of `init_params` that call other modules.
_STARTS = {
    "kmeans": _Reading((_base, "cluster"), (cluster, "KMeans"), (cluster.KMeans, "__init__")),
    "k-means++": _Reading((_base, "kmeans_plusplus")),
}

#: The functions that factorize covariances in every fit, of which code of `sklearn.utils` makes
#: use in some versions.
_FACTORS = _Reading((scipy.linalg, "cholesky"), (scipy.linalg, "solve_triangular"))

#: The attributes that the core's loop sets in other places than scikit-learn's.
_PARAMETERS = ("weights_", "means_", "covariances_", "precisions_cholesky_")


def reason_to_fall_back(estimator: Any, foreign: str | None, method: str = "fit") -> str | None:
    """Return the reason why scikit-learn's code must run a method of this estimator, or None.

    Parameters
    ----------
    estimator : estimator
        An instance of one of gmmfast's mixture classes or of a subclass.
    foreign : str or None
        Name of the type of an array that scikit-learn dispatches to another library.
    method : str
        The public method, one that gmmfast's classes override.
    """
    reading = _METHODS[estimator._sklearn_class, method]
    replaced = reading.replaced()
    is_fit = method.startswith("fit")
    if replaced is None and is_fit:
        start = _STARTS.get(estimator.init_params, _FACTORS)
        replaced = _FACTORS.replaced() or start.replaced()
    if replaced is not None:
        return f"{replaced} has been replaced"
    overridden = _overridden(estimator, reading.steps)
    if overridden is None and is_fit:
        overridden = _managed(type(estimator))
    if overridden is not None:
        return f"{type(estimator).__name__} has a {overridden} of its own"
    if foreign is not None:
        return f"array_api_dispatch is on and an array is a {foreign}"
    return None


def is_replaced(estimator: Any, method: str) -> bool:
    """Return whether scikit-learn's own public method has been replaced by another."""
    return _METHODS[estimator._sklearn_class, method].is_first_replaced()


def has_own_hook(estimator: Any) -> bool:
    """Return whether one of the hooks that print messages is not scikit-learn's own."""
    return _overridden(estimator, _HOOKS) is not None


def _managed(kind: type) -> str | None:
    """Return the name of what intercepts the assignment of a parameter in a class, or None."""
    if any("__setattr__" in vars(base) for base in kind.__mro__[:-1]):
        return "__setattr__"
    return next((n for n in _PARAMETERS if hasattr(getattr(kind, n, None), "__set__")), None)


def _overridden(estimator: Any, steps: dict[str, Any]) -> str | None:
    """Return the name of the first step that the estimator has in its own way, or None."""
    own = vars(estimator)
    if not steps.keys().isdisjoint(own):
        return next(name for name in steps if name in own)
    return _Record("", partial(getattr, type(estimator)), steps).replaced()
