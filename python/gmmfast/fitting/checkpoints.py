"""Checkpoints of a fit: its state in a file, from which it goes on with the same bits.

A file is written whole or not at all, after every few iterations and at the end. It stores the
state of the fit, the estimator's parameters, and moments of the rows. A fit of other parameters,
or of rows whose moments differ by more than rounding, does not go on from it.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast._files import StrPath, check_destination, replaced
from gmmfast._validation import check_count, describe
from gmmfast.fitting.parameters import digest_of, mixture_parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Parameters of an estimator that another fit may change and still go on.
_FREE = ("max_iter", "tol", "verbose", "verbose_interval", "warm_start", "random_state", "n_init")


#: Largest relative difference of the moments of the same rows in other chunks or weights.
_ROUNDING = 1e-9

#: Parameters of a fit without an estimator.
_NAMES = ("n_components", "covariance_type", "reg_covar", "init_params")


class FitState(NamedTuple):
    """The state of a fit after an iteration."""

    #: In the order of scikit-learn's `_get_parameters`.
    parameters: tuple[Any, ...]
    lower_bounds: list[float]
    #: In which the points are sorted.
    units: Array
    #: The priors that depend on the data, by the names of their attributes.
    priors: dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """A file from which a fit that was stopped goes on.

    Parameters
    ----------
    path : str or os.PathLike
        The file, an .npz that NumPy reads; it is replaced by finished ones only.
    every : int, default=10
        The number of iterations from one writing to the next; the last one is always written.
    resume : bool, default=False
        Whether to go on from the file if it exists. The result then has the bits of a fit that
        was not stopped. Otherwise the fit begins anew and replaces the file.

    Raises
    ------
    OSError
        If no file can be written there.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> import gmmfast
    >>> X = np.random.default_rng(0).normal(size=(500, 2)) * [3, 1]
    >>> whole = gmmfast.GaussianMixture(3, max_iter=40, tol=0, random_state=0).fit(X)
    >>> with TemporaryDirectory() as folder:
    ...     file = gmmfast.Checkpoint(Path(folder, "fit.npz"), resume=True)
    ...     for n_iter in (15, 40):
    ...         model = gmmfast.GaussianMixture(3, max_iter=n_iter, tol=0, random_state=0)
    ...         _ = model.fit(X, checkpoint=file)
    >>> bool((model.means_ == whole.means_).all()), model.n_iter_
    (True, 40)
    """

    path: StrPath
    every: int = 10
    resume: bool = False

    def __post_init__(self) -> None:
        check_count("every", self.every)
        check_destination("path", "the path of a checkpoint that can be written", self.path)

    def write(self, fit: dict[str, Any], state: FitState) -> None:
        """Write the state of a fit, of which `fit_of` is the first argument."""
        arrays: dict[str, Any] = {"fit": json.dumps(fit)}
        for i, values in enumerate(state.parameters):
            for j, value in enumerate(values if isinstance(values, tuple) else (values,)):
                arrays[f"parameter_{i}_{j}"] = value
            arrays[f"is_tuple_{i}"] = isinstance(values, tuple)
        arrays["lower_bounds"], arrays["units"] = np.array(state.lower_bounds), state.units
        arrays.update({f"prior_{name}": value for name, value in state.priors.items()})
        with replaced(self.path) as file:
            np.savez(file, **arrays)

    def read(self, fit: dict[str, Any]) -> FitState | None:
        """Return the state from which a fit, as `fit_of` returns it, goes on, or None.

        Raises
        ------
        ValueError
            If the file is no checkpoint, or that of another estimator or of other parameters; if
            the number of rows, their weight, or the mean or mean square of a feature differs.
        """
        if not self.resume or not Path(self.path).exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as file:
                arrays = dict(file)
            then = json.loads(str(arrays["fit"]))
        except (ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
            raise ValueError(
                f"checkpoint: expected a file that a fit wrote, got {str(self.path)!r} ({error}); "
                "remove it, or name another"
            ) from None
        for name, value in fit.items():
            if name != "moments" and then.get(name) != value:
                raise ValueError(
                    f"checkpoint: expected one of this fit, whose {name} is {value}, got one "
                    f"with {describe(then.get(name))} in {str(self.path)!r}; remove it, or name "
                    "another"
                )
        moments = fit["moments"]
        if not _agree(then.get("moments", moments), moments):  # early files have none
            raise ValueError(
                "checkpoint: expected one of a fit of these rows, got one of rows with other "
                f"means or variances in {str(self.path)!r}; pass the same rows, remove it, or "
                "name another"
            )
        parameters: list[Any] = []
        while f"is_tuple_{len(parameters)}" in arrays:
            i = len(parameters)
            found: list[Any] = []
            while f"parameter_{i}_{len(found)}" in arrays:
                found.append(arrays[f"parameter_{i}_{len(found)}"])
            parameters.append(tuple(found) if arrays[f"is_tuple_{i}"] else found[0])
        priors = {
            name.removeprefix("prior_"): value[()]
            for name, value in arrays.items()
            if name.startswith("prior_")
        }
        bounds = [float(bound) for bound in arrays["lower_bounds"]]
        return FitState(tuple(parameters), bounds, arrays["units"], priors)


def check_checkpoint(checkpoint: object, acceleration: str | None, n_init: int) -> None:
    """Raise an error unless a fit with these options can go on from the checkpoint."""
    if checkpoint is None:
        return
    if not isinstance(checkpoint, Checkpoint):
        raise TypeError(
            f"checkpoint: expected a Checkpoint, got {describe(checkpoint)}; pass "
            "gmmfast.Checkpoint(path)"
        )
    if acceleration is not None or n_init > 1:
        raise ValueError(
            "checkpoint: expected a fit without acceleration and with n_init=1, got "
            f"acceleration={acceleration!r} and n_init={n_init}; leave them out"
        )


def fit_of(model: Any, samples: Any) -> dict[str, Any]:
    """Return what must be the same for a fit to go on, after one pass over the rows.

    Arrays among the parameters are stored as digests. "moments" are the features' means and mean
    squares, which are the same to rounding for any chunks, mappers and threads.
    """
    # A subclass of an estimator may have other parameters.
    own = getattr(model, "_sklearn_class", None)
    names = _NAMES if own is None else own._get_param_names()  # noqa: SLF001
    settings = {
        name: describe(value) if np.ndim(value) == 0 else f"an array of digest {digest_of(value)}"
        for name in names
        if name not in _FREE
        for value in [getattr(model, name)]
    }
    # Under one component, with any parameters, all responsibilities are 1.
    means = np.zeros((1, samples.n_features))
    one = mixture_parameters(np.zeros(1), means, np.ones(1), "spherical")
    statistics = samples.statistics(one)
    moments = [statistics.sums[0], statistics.scatters[0]]
    return {
        "estimator": type(model).__name__,
        **settings,
        "n_samples": samples.n_samples,
        "n_features": samples.n_features,
        "weight": f"{samples.weight:.9g}",  # sums of other chunks are rounded otherwise
        "moments": [(values / samples.weight).tolist() for values in moments],
    }


def _agree(then: list[list[float]], now: list[list[float]]) -> bool:
    """Return whether the means and mean squares of features differ by no more than rounding."""
    squares = np.array(now[1])
    differences = np.abs(np.subtract(then, now))
    return bool((differences <= _ROUNDING * np.stack([np.sqrt(squares), squares])).all())
