"""Conversion of mixtures to scikit-learn's estimators, and to files and back.

A file is a NumPy .npz of plain arrays; reading it executes nothing. It is written whole or not at
all, and its contents are checked when it is read.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast import _core
from gmmfast._files import StrPath, check_destination, mode_of, replaced
from gmmfast._validation import float_array
from gmmfast.mixture.archive import ArchiveError, read_archive
from gmmfast.mixture.layouts import WIDER, components, precisions, precisions_cholesky, widened
from gmmfast.mixture.parameters import Parameters, check_parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.mixture.mixture import Mixture

#: The format name in each file, and the version of its layout. A reader accepts every version up
#: to its own.
FORMAT, VERSION = "gmmfast.Mixture", 1

#: The dtype and number of axes of each array that a file must have.
LAYOUT: dict[str, tuple[str, int | None]] = {
    "weights": ("f8", 1),
    "log_weights": ("f8", 1),
    "means": ("f8", 2),
    "covariances": ("f8", None),
    "covariance_type": ("U", 0),
    "extent": ("f8", 2),
    "kind": ("U", 0),
}

#: The same of arrays that a file may have.
OPTIONAL: dict[str, tuple[str, int | None]] = {"feature_names": ("U", 1)}

#: The most bytes of each array: parameters and names of features may have any number of them.
_LIMITS = dict.fromkeys(
    ("weights", "log_weights", "means", "covariances", "feature_names"), sys.maxsize
)
_LIMITS |= dict.fromkeys(
    ("format", "version", "covariance_type", "extent", "kind", "written_by"), 1 << 10
)

#: Largest difference from 1 that scikit-learn's `sample` accepts in the sum of the weights.
_SUM_TOLERANCE = 1e-12


def to_sklearn(mixture: Mixture) -> Any:
    """Return a fitted `sklearn.mixture.GaussianMixture` of the same parameters.

    Returns
    -------
    sklearn.mixture.GaussianMixture
        Of the same covariance type, or of "diag" and "spherical" for "tied-diag" and
        "tied-spherical", which scikit-learn lacks, with `weights_`, `means_`, `covariances_`,
        `precisions_`, `precisions_cholesky_` and `n_features_in_`, as if it had been
        fitted: it predicts, scores and samples. scikit-learn's own class, also while
        `patch_sklearn` is in force. Without a fit `lower_bound_` is NaN and
        `n_iter_` is 0. An extent becomes `extent_`, a kind `kind_`, and names of features
        `feature_names_in_`. Components of weight 0 are left out.

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
    from sklearn.mixture._gaussian_mixture import GaussianMixture  # noqa: PLC0415 (a second)

    p = mixture._parameters()
    n_features = p.shape[1]
    if not p.weights.all():  # scikit-learn takes the logarithm of every weight
        p = _without(p, p.weights == 0)
    n_components, covariance_type = len(p.weights), WIDER.get(p.covariance_type, p.covariance_type)
    estimator = GaussianMixture(n_components, covariance_type=covariance_type)
    is_sound = abs(p.weights.sum() - 1) < _SUM_TOLERANCE
    estimator.weights_ = p.weights.copy() if is_sound else p.normalized_weights()
    estimator.means_ = p.means.copy()
    estimator.covariances_ = widened(p.covariances, p.covariance_type, n_components).copy()
    estimator.precisions_cholesky_ = precisions_cholesky(estimator.covariances_, covariance_type)
    estimator.precisions_ = precisions(estimator.precisions_cholesky_, covariance_type)
    estimator.converged_, estimator.n_iter_ = True, 0
    estimator.lower_bound_, estimator.n_features_in_ = np.nan, n_features
    if mixture.extent is not None:
        estimator.extent_ = mixture.extent
    if mixture.kind is not None:
        estimator.kind_ = mixture.kind
    if mixture.feature_names is not None:
        estimator.feature_names_in_ = np.array(mixture.feature_names, dtype=object)
    return estimator


def _without(p: Parameters, empty: NDArray[np.bool_]) -> Parameters:
    """Return the parameters of the other components."""
    kept = ~empty
    covariances = components(p.covariances, p.covariance_type, kept)
    return Parameters(
        p.weights[kept], p.log_weights[kept], p.means[kept], covariances, p.covariance_type
    )


def save(mixture: Mixture, path: StrPath) -> None:
    """Write the mixture to a file, whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        Path of the file; ".npz" is the usual ending, and none is added. An existing file
        keeps its permissions and is replaced only by a finished one.

    Raises
    ------
    OSError
        If no file can be written there.

    See Also
    --------
    load : Read the file.

    Notes
    -----
    The file is NumPy's .npz of the arrays "weights", "log_weights", "means",
    "covariances" (scikit-learn's layout), "covariance_type", "extent" (no rows if there
    is none), "kind" (empty if there is none), "format", "version" and "written_by":
    `numpy.load` reads it without gmmfast and without pickle. Where the features have names,
    there is "feature_names", too, an array of text of shape (n_features,).

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
    check_destination("path", "the path of a file that can be written", path)
    arrays = arrays_of(mixture)
    with replaced(path) as file:
        np.savez(
            file,
            format=FORMAT,
            version=VERSION,
            **arrays,
            written_by=f"gmmfast {_core.__version__}",
        )


def arrays_of(mixture: Mixture) -> dict[str, Any]:
    """Return what a file or a pickle has of a mixture: arrays, and texts as `str`."""
    p, names = mixture._parameters(), mixture.feature_names
    arrays = {
        "weights": p.weights,
        "log_weights": p.log_weights,  # of weights that underflow, too
        "means": p.means,
        "covariances": p.covariances,
        "covariance_type": p.covariance_type,
        "extent": np.array(mixture.extent or np.empty((0, 2)), dtype=np.float64),
        "kind": mixture.kind or "",
    }
    return arrays if names is None else {**arrays, "feature_names": np.array(names, np.str_)}


def core_of_file(arrays: dict[str, NDArray[Any]]) -> _core.Mixture:
    """Return the core's mixture of the arrays of a file, which checks them.

    The numbers are taken out of `arrays`: the core frees each array once it has copied it, and
    the largest part of a file is never in memory three times.
    """
    covariance_type = str(arrays["covariance_type"])
    log_weights = float_array("log_weights", arrays.pop("log_weights"))
    checked = check_parameters(
        arrays.pop("weights"), arrays.pop("means"), arrays.pop("covariances"), covariance_type
    )
    numbers = {
        "weights": checked.weights,
        "log_weights": log_weights,
        "means": checked.means,
        "covariances": checked.covariances,
    }
    del log_weights, checked
    return _core.Mixture.of_file(numbers, covariance_type)


def damaged(path: StrPath, got: str) -> ValueError:
    """Return the error of a file that does not hold a mixture."""
    name = os.fspath(path)
    return ValueError(
        f"path: expected a file that Mixture.save wrote, got {name!r}, {got}; save it again"
    )


def read_arrays(path: StrPath) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file after checks of its version, dtypes and numbers of axes."""
    arrays = _read_npz(path)
    if str(arrays.get("format")) != FORMAT:
        raise damaged(path, "which is another of NumPy's files")
    version = arrays.get("version")
    if version is None or version.shape != () or version.dtype.kind not in "iu" or version < 1:
        raise damaged(path, "which tells no version")
    if version > VERSION:
        raise ValueError(
            f"path: expected a file of version 1 to {VERSION}, got {os.fspath(path)!r} of "
            f"version {version}; read it with a newer gmmfast"
        )
    missing = sorted(LAYOUT.keys() - arrays.keys())
    if missing:
        raise damaged(path, f"which lacks {', '.join(missing)}")
    for name, (dtype, n_axes) in (LAYOUT | OPTIONAL).items():
        array = arrays.get(name)
        if array is None:  # an optional one
            continue
        is_of_dtype = dtype in (array.dtype.kind, array.dtype.str[1:])
        if not is_of_dtype or n_axes not in (None, array.ndim):
            got = f"whose {name} have dtype {array.dtype} and shape {array.shape}"
            raise damaged(path, got)
    return arrays


def _read_npz(path: StrPath) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz file that `save` writes."""
    mode = mode_of(Path(path))
    if mode is not None and not stat.S_ISREG(mode):
        raise damaged(path, "which is a folder or a device")
    try:
        with Path(path).open("rb") as file:
            return read_archive(file, _LIMITS)
    except OSError as error:
        got = f"{os.fspath(path)!r} ({error.strerror})"
        raise type(error)(
            f"path: expected a file that can be read, got {got}; check the path"
        ) from error
    except ArchiveError as error:
        raise damaged(path, str(error)) from None
