"""Tests of storage/: pictures in files of tiles, read by the libraries of the formats."""

import json
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from gmmfast import Mixture, render_grid
from gmmfast.storage import render, save
from gmmfast.storage.pyramid import Builder, halved

zarr = pytest.importorskip("zarr")
tifffile = pytest.importorskip("tifffile")

SHAPE, TILE = (300, 421), 64


def scene(n_channels=3):
    rng = np.random.default_rng(0)
    means = rng.uniform(0, 255, size=(30, 2 + n_channels))
    means[:, :2] = rng.uniform(0, 400, size=(30, 2))
    return Mixture(np.full(30, 1 / 30), means, rng.uniform(300, 2000, 30))


def halves(picture, n_levels):
    levels = [picture]
    for _ in range(n_levels - 1):
        levels.append(halved(levels[-1]))
    return levels


def write(path, **options):
    model = scene()
    render(model, SHAPE, path, dtype="uint8", tile_size=TILE, **options)
    return render_grid(model, SHAPE, dtype="uint8")


def test_the_mean_of_pixels_is_rounded_half_up_and_edges_are_repeated():
    pixels = np.array([[1, 2, 9], [3, 4, 9], [5, 6, 8]], np.uint8)
    assert halved(pixels).tolist() == [[3, 9], [6, 8]]
    assert halved(pixels.astype(float)).tolist() == [[2.5, 9], [5.5, 8]]
    # The type of a picture says nothing of its pixels, and no sum of four overflows.
    wide = np.array([[0, 100], [200, 300]], np.uint16)
    assert halved(wide).tolist() == [[150]]
    assert halved(2**64 - 1 - wide.astype(np.uint64)).tolist() == [[2**64 - 151]]
    assert halved(np.array([[-100, -100], [-100, -98]], np.int8)).tolist() == [[-99]]
    assert halved(np.array([[True, False, True], [False, False, True]])).tolist() == [[0, 1]]


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_a_level_of_labels_has_labels_of_the_picture(dtype, tmp_path):
    labels = render_grid(scene(), SHAPE, dtype=dtype, quantity="label")
    path = tmp_path / "labels.ome.zarr"
    render(scene(), SHAPE, path, dtype=dtype, quantity="label", tile_size=TILE)
    group = zarr.open_group(path, mode="r")
    assert np.array_equal(group["2"][:], labels[::4, ::4])
    assert group.attrs["ome"]["multiscales"][0]["type"] == "first of 2 x 2"
    save(labels, path, is_label=True, tile_size=TILE)
    assert np.array_equal(zarr.open_group(path, mode="r")["1"][:], labels[::2, ::2])


def test_a_zarr_array_has_the_bits_of_one_call(tmp_path):
    whole = write(tmp_path / "big.zarr")
    array = zarr.open_array(tmp_path / "big.zarr", mode="r")
    assert array.chunks == (TILE, TILE, 3)
    assert np.array_equal(array[:], whole)
    assert not (tmp_path / "big.zarr" / ".gmmfast").exists()


def test_an_ome_zarr_has_all_levels_and_their_places(tmp_path):
    whole = write(tmp_path / "big.ome.zarr")
    group = zarr.open_group(tmp_path / "big.ome.zarr", mode="r")
    (scales,) = group.attrs["ome"]["multiscales"]
    assert [axis["type"] for axis in scales["axes"]] == ["channel", "space", "space"]
    levels = halves(whole, len(scales["datasets"]))
    assert max(levels[-1].shape[:2]) <= TILE
    for i, (level, dataset) in enumerate(zip(levels, scales["datasets"], strict=True)):
        assert np.array_equal(np.moveaxis(group[dataset["path"]][:], 0, -1), level)
        scale, shift = dataset["coordinateTransformations"]
        assert scale["scale"] == [1, 2**i, 2**i]
        assert shift["translation"] == [0, (2**i - 1) / 2, (2**i - 1) / 2]


def test_a_tiff_is_tiled_pyramidal_and_big(tmp_path):
    whole = write(tmp_path / "big.tif")
    with tifffile.TiffFile(tmp_path / "big.tif") as file:
        assert file.is_bigtiff
        (series,) = file.series
        levels = halves(whole, len(series.levels))
        assert len(levels) == 4
        for level, want in zip(series.levels, levels, strict=True):
            assert level.keyframe.tile == (TILE, TILE)
            assert np.array_equal(level.asarray(), want)
    assert [path.name for path in tmp_path.iterdir()] == ["big.tif"]


def test_deep_zoom_tiles_cover_every_level_down_to_a_pixel(tmp_path):
    whole = write(tmp_path / "big.dzi")
    root = ET.fromstring((tmp_path / "big.dzi").read_text())  # noqa: S314 (our own)
    assert (root.get("TileSize"), root.get("Overlap")) == (str(TILE), "0")
    assert {name: root[0].get(name) for name in ("Width", "Height")} == {
        "Width": str(SHAPE[1]),
        "Height": str(SHAPE[0]),
    }
    folder = tmp_path / "big_files"
    levels = halves(whole, 10)
    assert levels[-1].shape[:2] == (1, 1)
    for i, level in enumerate(reversed(levels)):
        got = np.zeros_like(level)
        for path in (folder / str(i)).iterdir():
            column, row = map(int, path.stem.split("_"))
            tile = np.asarray(Image.open(path))
            top, left = row * TILE, column * TILE
            got[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
        assert np.array_equal(got, level)


@pytest.mark.parametrize("name", ["big.zarr", "big.ome.zarr", "big.dzi", "big.tif"])
def test_a_stopped_writing_goes_on_without_making_finished_tiles_again(
    name, tmp_path, monkeypatch
):
    made = []
    take = Builder._taken

    def counted(self, place):
        made.append(place)
        return take(self, place)

    def stop(done, total):
        if done > total / 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Builder, "_taken", counted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / name, progress=stop)
    first = list(made)
    if name == "big.zarr":  # a tile that a crash has left damaged is made again
        (tmp_path / name / "c" / "0" / "0" / "0").write_bytes(b"damaged")
        first.remove((0, 0, 0))
    made.clear()
    whole = write(tmp_path / name)
    assert not set(first) & set(made)
    assert len(first) + len(made) == 5 * 7
    if name == "big.zarr":
        assert np.array_equal(zarr.open_array(tmp_path / name, mode="r")[:], whole)
    made.clear()
    write(tmp_path / name)  # a finished one is replaced
    assert len(made) == 5 * 7


def test_another_picture_does_not_go_on(tmp_path):
    path = tmp_path / "big.zarr"

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, progress=stop)
    other = scene(1)
    render(other, SHAPE, path, tile_size=TILE)
    assert np.array_equal(zarr.open_array(path, mode="r")[:], render_grid(other, SHAPE))


def test_arrays_of_one_name_are_different_pictures(tmp_path):
    """The name of a zarr array, and of many others, is its place in a file."""
    path = tmp_path / "big.zarr"

    def stop(*_):
        raise KeyboardInterrupt

    for level in (10, 200):
        group = zarr.create_group(tmp_path / f"{level}.zarr")
        picture = group.create_array("0", data=np.full((64, 64), level, np.uint8))
        with pytest.raises(KeyboardInterrupt):
            save(picture, path, tile_size=32, progress=stop)
    save(picture, path, tile_size=32)
    assert np.unique(zarr.open_array(path, mode="r")[:]).tolist() == [200]


def test_a_lazy_picture_of_dask_goes_on(tmp_path, monkeypatch):
    da = pytest.importorskip("dask.array")
    picture = da.full((64, 64), 7, dtype=np.uint8, chunks=32)
    path, made, take = tmp_path / "big.zarr", [], Builder._taken

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(picture, path, tile_size=32, progress=stop)
    monkeypatch.setattr(
        Builder, "_taken", lambda self, place: made.append(place) or take(self, place)
    )
    save(picture, path, tile_size=32)
    assert len(made) == 3


def test_a_mapper_makes_the_same_files(tmp_path):
    whole = write(tmp_path / "one.ome.zarr")
    with ThreadPoolExecutor(2) as executor:
        write(tmp_path / "other.ome.zarr", mapper=executor.map)
    one, other = (zarr.open_group(tmp_path / f"{n}.ome.zarr", mode="r") for n in ("one", "other"))
    for level in one:
        assert np.array_equal(one[level][:], other[level][:])
    assert np.array_equal(np.moveaxis(one["0"][:], 0, -1), whole)


def test_any_array_that_can_be_sliced_is_a_picture(tmp_path):
    levels = np.arange(200 * 100, dtype=np.int32).reshape(200, 100)
    save(levels, tmp_path / "levels.ome.zarr", tile_size=TILE)
    group = zarr.open_group(tmp_path / "levels.ome.zarr", mode="r")
    assert np.array_equal(group["1"][:], halved(levels))
    assert json.loads((tmp_path / "levels.ome.zarr" / "zarr.json").read_text())["attributes"]


def test_progress_counts_all_pixels(tmp_path):
    seen = []
    write(tmp_path / "big.zarr", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (300 * 421, 300 * 421)
    assert len(seen) == 5 * 7


def test_wrong_arguments_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="path: expected a name that ends in"):
        write(tmp_path / "big.jpg")
    with pytest.raises(ValueError, match="tile_size: expected a multiple of 32"):
        render(scene(), SHAPE, tmp_path / "big.zarr", tile_size=50)
    with pytest.raises(ValueError, match="picture: expected uint8 of no, 3 or 4 channels"):
        render(scene(), SHAPE, tmp_path / "big.dzi")
    with pytest.raises(ValueError, match="picture: expected shape"):
        save(np.zeros(9), tmp_path / "big.zarr")
    with pytest.raises(TypeError, match=r"picture: expected an array .*, got list; pass"):
        save([[1, 2]], tmp_path / "big.zarr")
    with pytest.raises(FileNotFoundError, match="path: expected"):
        write(tmp_path / "missing" / "big.zarr")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "big.zarr").mkdir()
    (tmp_path / "big.zarr" / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="with other content; name another"):
        write(tmp_path / "big.zarr")
    assert (tmp_path / "big.zarr" / "thesis.txt").read_text() == "mine"


def test_a_folder_that_is_no_picture_is_left_alone(tmp_path):
    """Browsers save what belongs to report.html in report_files."""
    folder, picture = tmp_path / "report_files", np.zeros((64, 64), np.uint8)
    (folder / "2024").mkdir(parents=True)
    (folder / "2024" / "thesis.txt").write_text("mine")
    with pytest.raises(
        FileExistsError, match=r"path: expected .*report_files' with other content"
    ):
        save(picture, tmp_path / "report.dzi")
    assert (folder / "2024" / "thesis.txt").read_text() == "mine"
    save(picture, tmp_path / "other.dzi")
    (tmp_path / "other_files" / "thesis.txt").write_text("mine")
    save(picture[:10, :10], tmp_path / "other.dzi")  # levels are replaced, and nothing else
    names = sorted(path.name for path in (tmp_path / "other_files").iterdir())
    assert names == ["0", "1", "2", "3", "4", "thesis.txt"]
