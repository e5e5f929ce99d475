"""Tests of storage/opening.py and storage/endings.py: pictures that are read in parts."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from gmmfast.storage import open_picture, save
from gmmfast.storage.endings import is_big, is_written_in_parts

zarr = pytest.importorskip("zarr")
PICTURE = np.random.default_rng(0).integers(0, 256, (70, 90, 3)).astype(np.uint8)


@pytest.mark.parametrize("name", ["a.zarr", "a.ome.zarr", "a.npy"])
@pytest.mark.parametrize("picture", [PICTURE, PICTURE[..., 0].copy()])
def test_an_opened_picture_has_the_pixels_also_in_another_process(name, picture, tmp_path):
    path = tmp_path / name
    if name == "a.npy":
        np.save(path, picture)
    else:
        save(picture, path, tile_size=32)
    opened = pickle.loads(pickle.dumps(open_picture(path)))  # noqa: S301 (our own)
    assert (opened.shape, opened.dtype) == (picture.shape, np.uint8)
    assert np.array_equal(opened[3:60, 20:81], picture[3:60, 20:81])


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="which is missing"):
        open_picture(tmp_path / "a.zarr")
    (tmp_path / "a.npy").write_bytes(b"no array")
    with pytest.raises(ValueError, match=r"path: expected a zarr or \.npy with a picture"):
        open_picture(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(ValueError, match="got 1 axes"):
        open_picture(tmp_path / "a.npy")
    zarr.create_group(tmp_path / "group.zarr")
    with pytest.raises(ValueError, match=r"no OME-Zarr"):
        open_picture(tmp_path / "group.zarr")


def test_names_decide_what_is_read_and_written_in_parts():
    assert is_big(Path("A.Zarr"))
    assert not is_big(Path("a.npy"))
    assert is_big(Path("a.npy"), also_npy=True)
    names = ("a.zarr", "a.ome.zarr", "a.big.tif", "a.dzi", "a.tif", "a.png")
    assert [is_written_in_parts(Path(name)) for name in names] == [True] * 4 + [False] * 2
