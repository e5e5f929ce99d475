"""Mixtures out of the process and back: scikit-learn's estimators, and files.

A file is NumPy's .npz: plain arrays, nothing that runs when it is read. It is written whole or
not at all, and everything in it is checked when it is read, whoever wrote it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._files import (
    StrPath,
    check_path,
    fault_of_folder,
    fault_of_target,
    mode_of,
    raise_fault,
    replaced,
    target_of,
)
from gmmfast.mixture.layouts import Part, cholesky

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]

#: What a file says it is, and the layout of the arrays below. A reader takes every version up to
#: its own.
_FORMAT, _VERSION = "gmmfast.Mixture", 1

#: Kinds of dtype and numbers of axes of the arrays in a file.
_LAYOUT = {
    "weights": ("f", 1),
    "log_weights": ("f", 1),
    "means": ("f", 2),
    "covariances": ("f", None),
    "covariance_type": ("U", 0),
    "extent": ("f", 2),
}

#: How far from 1 scikit-learn's `sample` lets the weights' sum be.
_SUM_TOLERANCE = 1e-12

#: Logarithms of the weights beside this far from them are kept on their own: weights that
#: conditioning has brought below what float64 can show.
_LOG_TOLERANCE = 1e-9


class Exchange(Part):
    """The methods of `Mixture` that write and read it."""

    def to_sklearn(self) -> Any:
        """Return a fitted `sklearn.mixture.GaussianMixture` of the same parameters.

        Returns
        -------
        sklearn.mixture.GaussianMixture
            Of the same covariance type, with `weights_`, `means_`, `covariances_`,
            `precisions_`, `precisions_cholesky_` and `n_features_in_`, as if it had been
            fitted: it predicts, scores and samples. scikit-learn's own class, also while
            `patch_sklearn` is in force. No fit tells `lower_bound_`, which is NaN, nor
            `n_iter_`, which is 0. An extent becomes `extent_`, which `render_grid` takes.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 2.0])
        >>> estimator = mixture.to_sklearn()
        >>> estimator.predict([[1.0], [3.0]])
        array([0, 1])
        >>> gmmfast.Mixture.from_model(estimator)
        Mixture(n_components=2, n_features=1, covariance_type='spherical')
        """
        from gmmfast.estimators import GaussianMixture  # noqa: PLC0415 (a second's import)

        ours: Any = GaussianMixture(self.n_components, covariance_type=self.covariance_type)
        # Of a fresh one only the parameters are there to copy.
        estimator = ours.to_sklearn()
        is_sound = abs(self.weights.sum() - 1) < _SUM_TOLERANCE
        estimator.weights_ = self.weights.copy() if is_sound else self._normalized_weights()
        estimator.means_ = self.means.copy()
        estimator.covariances_ = self.covariances.copy()
        estimator.precisions_cholesky_ = _precisions_cholesky(self)
        estimator.precisions_ = _PRECISIONS[self.covariance_type](estimator.precisions_cholesky_)
        estimator.converged_, estimator.n_iter_ = True, 0
        estimator.lower_bound_, estimator.n_features_in_ = np.nan, self.n_features
        if self.extent is not None:
            estimator.extent_ = self.extent
        return estimator

    def save(self, path: StrPath) -> None:
        """Write the mixture to a file, whole or not at all.

        Parameters
        ----------
        path : str or os.PathLike
            Where to; ".npz" is the usual ending, and none is added. An existing file keeps its
            permissions and is lost only to a finished one.

        Raises
        ------
        OSError
            No file can be written there.

        See Also
        --------
        load : Reads it.

        Notes
        -----
        The file is NumPy's .npz of the arrays "weights", "log_weights", "means",
        "covariances" (scikit-learn's layout), "covariance_type" and "extent" (no rows if
        there is none), beside "format" and "version": `numpy.load` reads it without gmmfast
        and without pickle.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([1.0], [[1.0, 2.0]], [3.0], extent=[(0, 4), (0, 3)])
        >>> with TemporaryDirectory() as folder:
        ...     mixture.save(Path(folder, "model.npz"))
        ...     gmmfast.Mixture.load(Path(folder, "model.npz")).extent
        ((0.0, 4.0), (0.0, 3.0))
        """
        check_path("path", path)
        fault = fault_of_target(path) or fault_of_folder(target_of(path).parent)
        raise_fault("path", "the path of a file that can be written", path, fault)
        extent = np.array(self.extent or np.empty((0, 2)), dtype=np.float64)
        with replaced(path) as file:
            np.savez(
                file,
                format=_FORMAT,
                version=_VERSION,
                weights=self.weights,
                log_weights=self._core.log_weights,
                means=self.means,
                covariances=self.covariances,
                covariance_type=self.covariance_type,
                extent=extent,
            )

    @classmethod
    def load(cls, path: StrPath) -> Mixture:
        """Read a mixture that `save` wrote.

        Parameters
        ----------
        path : str or os.PathLike
            Of the file.

        Returns
        -------
        Mixture
            With the same parameters, bit by bit, and extent.

        Raises
        ------
        OSError
            A file that is not there or cannot be read.
        ValueError
            A file that `save` did not write, that a newer gmmfast wrote, or whose contents are
            damaged or no Gaussian mixture.
        """
        from gmmfast.mixture.mixture import Mixture  # noqa: PLC0415 (it is made of these methods)

        check_path("path", path)
        arrays = _arrays_of(path)
        extent = arrays["extent"] if len(arrays["extent"]) else None
        try:
            mixture = Mixture(
                arrays["weights"],
                arrays["means"],
                arrays["covariances"],
                covariance_type=str(arrays["covariance_type"]),
                extent=extent,  # type: ignore[arg-type]
            )
            with np.errstate(divide="ignore"):
                known, kept = np.log(mixture.weights), arrays["log_weights"]
            if known.shape == kept.shape and np.allclose(known, kept, 0, _LOG_TOLERANCE):
                return mixture
            return mixture._remade(  # noqa: SLF001 (its own)
                kept,
                mixture.means,
                mixture.covariances,
                mixture.covariance_type,
                mixture.extent,
            )
        except (ValueError, TypeError) as error:
            raise _damaged(path, f"one with {error}") from None


def _damaged(path: StrPath, got: str) -> ValueError:
    name = os.fspath(path)
    return ValueError(
        f"path: expected a file that Mixture.save wrote, got {name!r}, {got}; save it again"
    )


def _arrays_of(path: StrPath) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of a file of a version that is known, of the dtypes and axes they have."""
    arrays = _whatever_is_in(path)
    if str(arrays.get("format")) != _FORMAT:
        raise _damaged(path, "which is another of NumPy's files")
    version = arrays.get("version")
    if version is None or version.shape != () or version.dtype.kind not in "iu" or version < 1:
        raise _damaged(path, "which tells no version")
    if version > _VERSION:
        raise ValueError(
            f"path: expected a file of version 1 to {_VERSION}, got {os.fspath(path)!r} of "
            f"version {version}; read it with a newer gmmfast"
        )
    missing = sorted(_LAYOUT.keys() - arrays.keys())
    if missing:
        raise _damaged(path, f"which lacks {', '.join(missing)}")
    for name, (kind, n_axes) in _LAYOUT.items():
        array = arrays[name]
        if array.dtype.kind != kind or n_axes not in (None, array.ndim):
            got = f"whose {name} have dtype {array.dtype} and shape {array.shape}"
            raise _damaged(path, got)
    return arrays


def _whatever_is_in(path: StrPath) -> dict[str, NDArray[Any]]:
    """Return all arrays of an .npz file; of any other of NumPy's files none."""
    from zipfile import BadZipFile  # noqa: PLC0415 (only here)
    from zlib import error as BadData  # noqa: N812, PLC0415 (named as the others are)

    mode = mode_of(Path(path))
    if mode is not None and not stat.S_ISREG(mode):
        raise _damaged(path, "which is a folder or a device")
    try:
        with Path(path).open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            return dict(archive) if hasattr(archive, "files") else {}
    except OSError as error:
        if error.errno is None:
            raise _damaged(path, f"which is damaged ({error})") from None
        got = f"{os.fspath(path)!r} ({error.strerror})"
        raise type(error)(
            f"path: expected a file that can be read, got {got}; check the path"
        ) from error
    except (BadZipFile, BadData, EOFError, ValueError, KeyError, NotImplementedError) as error:
        # NumPy's own words for a file of another kind speak of pickles.
        why = "" if isinstance(error, ValueError) else f" ({error})"
        raise _damaged(path, f"which is no .npz file, cut off or damaged{why}") from None


def _precisions_cholesky(model: Part) -> Array:
    """Return scikit-learn's factors of the inverses of the covariances."""
    if model.covariance_type in ("diag", "spherical"):
        roots: Array = 1 / np.sqrt(model.covariances)
        return roots
    inverses: Any = np.linalg.inv(cholesky(model.covariances)).swapaxes(-1, -2)
    return np.triu(inverses)


def _gram(factors: Array) -> Array:
    product: Array = factors @ factors.swapaxes(-1, -2)
    return product


_PRECISIONS: dict[str, Callable[[Array], Array]] = {
    "full": _gram,
    "tied": _gram,
    "diag": np.square,
    "spherical": np.square,
}
