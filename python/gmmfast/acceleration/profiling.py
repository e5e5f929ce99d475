"""Profiles: how often and how long methods ran accelerated or fell back to scikit-learn."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from gmmfast import _log
from gmmfast.acceleration.patching import is_patched

if TYPE_CHECKING:
    from typing import TextIO

_TITLES = ("method", "accelerated", "seconds", "fallback", "seconds")


@dataclass
class MethodCounts:
    """Calls of one method and the seconds that they took.

    Parameters
    ----------
    accelerated, fallback : int
        Number of calls that ran on gmmfast's kernels, and of those that ran, at least partly,
        scikit-learn's code.
    accelerated_seconds, fallback_seconds : float
        Wall-clock seconds that these calls took; those of several threads are added.
    """

    accelerated: int = 0
    accelerated_seconds: float = 0.0
    fallback: int = 0
    fallback_seconds: float = 0.0

    def _row(self, name: str) -> tuple[str, ...]:
        seconds = f"{self.accelerated_seconds:.3f}", f"{self.fallback_seconds:.3f}"
        return name, str(self.accelerated), seconds[0], str(self.fallback), seconds[1]


class Profile:
    """The calls of gmmfast's estimators while a `with` block runs: see `profile`.

    Its text is the table. Threads may call estimators at once.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._methods: dict[str, MethodCounts] = {}
        self._fallbacks: Counter[_log.Fallback] = Counter()

    def __enter__(self) -> Self:
        _log.observe(self._add)
        return self

    def __exit__(self, *_: object) -> None:
        _log.stop_observing(self._add)
        file = sys.stderr if self._file is None else self._file
        if file is not None:  # a process without a console has no standard error
            file.write(f"{self}\n")

    @property
    def methods(self) -> dict[str, MethodCounts]:
        """Counts by the names of class and method, such as "GaussianMixture.fit"."""
        with self._lock:
            return {name: replace(self._methods[name]) for name in sorted(self._methods)}

    @property
    def fallbacks(self) -> dict[_log.Fallback, int]:
        """Number of calls by fallback: a named tuple (method, reason, file, line)."""
        with self._lock:
            return dict(self._fallbacks)

    def __str__(self) -> str:
        methods, fallbacks = self.methods, self.fallbacks
        if not methods:
            mend = "" if is_patched() else "; scikit-learn is not patched: call patch_sklearn"
            return f"gmmfast: no calls of its estimators{mend}"
        rows = [_TITLES, *(counts._row(name) for name, counts in methods.items())]  # noqa: SLF001
        width = max(len(name) for name, *_ in rows)
        lines = [f"{name:<{width}}" + "".join(map("{:>13}".format, row)) for name, *row in rows]
        lines += ["", "fallbacks to scikit-learn: " + ("" if fallbacks else "none")]
        lines += [
            f"  {each.file}:{each.line}: {each.method}, {n_calls}x: {each.reason}"
            for each, n_calls in fallbacks.items()
        ]
        return "\n".join(line.rstrip() for line in lines)

    def _add(self, call: _log.Call) -> None:
        """Count a call that has ended; one that raised an error counts, too."""
        with self._lock:
            counts = self._methods.setdefault(call.method, MethodCounts())
            if call.fallbacks:
                counts.fallback += 1
                counts.fallback_seconds += call.seconds
            else:
                counts.accelerated += 1
                counts.accelerated_seconds += call.seconds
            self._fallbacks.update(call.fallbacks)


def profile(*, file: TextIO | None = None) -> Profile:
    """Profile calls of gmmfast's estimators, patched or imported, in a `with` block.

    At the end of the block a table is written: for each method the calls and seconds that were
    accelerated, and those that fell back to scikit-learn; under it the reason of every fallback,
    with the file and line of the code that made the call.

    Parameters
    ----------
    file : text file, optional
        Where to write the table; by default standard error.

    Returns
    -------
    Profile
        A context manager. `str` gives the table, `methods` and `fallbacks` the numbers in it.

    Notes
    -----
    A method that another one calls belongs to the outer call: `fit` within `fit_predict` is not
    counted again. Methods that raise an error count. Calls in other processes, such as workers
    of joblib, do not.

    `python -m gmmfast --profile script.py` profiles a script, and `%%gmmfast.profile` a cell of
    a notebook, after `%load_ext gmmfast`.

    Examples
    --------
    >>> import sys, gmmfast
    >>> with gmmfast.profile(file=sys.stdout) as report:  # doctest: +ELLIPSIS
    ...     model = gmmfast.GaussianMixture().fit([[0.0], [1.0], [2.0]])
    ...     labels = model.predict([[0.5]])
    method                   accelerated      seconds     fallback      seconds
    GaussianMixture.fit                1        ...            0        0.000
    GaussianMixture.predict            1        ...            0        0.000
    <BLANKLINE>
    fallbacks to scikit-learn: none
    >>> report.methods["GaussianMixture.fit"].accelerated
    1
    """
    return Profile(file)
