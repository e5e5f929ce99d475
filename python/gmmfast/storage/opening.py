"""Pictures larger than memory, opened from files: zarr, OME-Zarr, and NumPy's .npy.

An opened picture reads the part that is taken. It can be pickled: other processes open the file
themselves.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._files import StrPath, check_path

if TYPE_CHECKING:
    from numpy.typing import NDArray


class OpenedPicture:
    """A picture in a file, as an array of (height, width) or (height, width, n_channels).

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._array, self._has_channels_first = _opened(path)
        shape = tuple(self._array.shape)
        self.shape = (*shape[1:], shape[0]) if self._has_channels_first else shape
        self.dtype = np.dtype(self._array.dtype)

    def __getitem__(self, window: tuple[slice, ...]) -> NDArray[Any]:
        """Return a part of the picture, given by slices of rows and columns."""
        if not self._has_channels_first:
            return np.asarray(self._array[window])
        return np.moveaxis(np.asarray(self._array[(slice(None), *window)]), 0, -1)

    def __reduce__(self) -> tuple[Any, ...]:
        return OpenedPicture, (self._path,)


def open_picture(path: StrPath) -> OpenedPicture:
    """Open a picture larger than memory.

    Parameters
    ----------
    path : str or os.PathLike
        A zarr array of axes (y, x) or (y, x, c); an OME-Zarr, of which the first level is opened;
        or an .npy.

    Returns
    -------
    OpenedPicture
        Slices of rows and columns give arrays.

    Raises
    ------
    ValueError
        If it is no picture, or has another number of axes.
    OSError
        If there is no such file.
    ImportError
        If it is a zarr, and the extra "dask" is not installed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from gmmfast.storage import open_picture
    >>> with TemporaryDirectory() as folder:
    ...     np.save(Path(folder, "big.npy"), np.zeros((20, 30, 3), np.uint8))
    ...     picture = open_picture(Path(folder, "big.npy"))
    ...     picture.shape, picture[:5, 10:].shape
    ((20, 30, 3), (5, 20, 3))
    """
    check_path("path", path)
    return OpenedPicture(Path(path))


def _opened(path: Path) -> tuple[Any, bool]:
    """Return an array, and whether its channels come first."""
    if not path.exists():
        raise FileNotFoundError(f"path: expected a picture, got {str(path)!r}, which is missing")
    try:
        array = np.load(path, mmap_mode="r") if path.is_file() else _zarr_array(path)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"path: expected a zarr or .npy with a picture, got {str(path)!r} ({error})"
        ) from None
    axes = getattr(array, "ndim", 0)
    is_first = axes == 3 and _names(array)[:1] == ("c",)
    if axes not in (2, 3):
        raise ValueError(
            f"path: expected a picture of axes (y, x) or (y, x, c), got {axes} axes in "
            f"{str(path)!r}"
        )
    return array, is_first


def _names(array: Any) -> tuple[str, ...]:
    """Return the names of a zarr array's axes, if it has any."""
    return tuple(getattr(getattr(array, "metadata", None), "dimension_names", None) or ())


def _zarr_array(path: Path) -> Any:
    try:
        import zarr
    except ImportError as error:
        raise ImportError(
            f"path: expected the extra 'dask' for {str(path)!r}, got an environment without it "
            f"({error}); pip install 'gmmfast[dask]'"
        ) from error
    found = zarr.open(path, mode="r")
    if isinstance(found, zarr.Array):
        return found
    attributes: Any = dict(found.attrs)
    scales = attributes.get("ome", attributes).get("multiscales")
    if not scales:
        raise ValueError("a group that is no OME-Zarr")
    return found[scales[0]["datasets"][0]["path"]]
