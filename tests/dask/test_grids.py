"""Tests of dask/grids.py: lazy pictures and samples have the bits of the whole."""

import dask.array as da
import numpy as np
import pytest

from gmmfast import Mixture, render_grid
from gmmfast.dask import render_grid as lazy_grid
from gmmfast.dask import sample


def scene(n_features):
    rng = np.random.default_rng(0)
    means = rng.uniform(0, 150, size=(40, n_features))
    return Mixture(np.full(40, 1 / 40), means, rng.uniform(4, 200, 40))


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("quantity", ["density", "mean", "label", "sample"])
def test_chunks_of_any_size_have_the_bits_of_one_call(quantity):
    options = {"quantity": quantity, "random_state": 5 if quantity == "sample" else None}
    whole = render_grid(scene(5), (150, 190), **options)
    lazy = lazy_grid(scene(5), (150, 190), chunks=((100, 33, 17), (1, 64, 125)), **options)
    assert (lazy.shape, lazy.dtype) == (whole.shape, whole.dtype)
    assert np.array_equal(lazy.compute(), whole)


def test_a_part_is_rendered_alone():
    lazy = lazy_grid(scene(2), (20_000, 20_000), chunks=500)
    assert isinstance(lazy, da.Array)
    assert lazy[:3, 19_990:].compute().shape == (3, 10)


@pytest.mark.usefixtures("client")
def test_samples_depend_on_the_seed_alone():
    mixture = scene(3)
    whole = mixture.sample(20_000, random_state=3)
    for chunks in (20_000, 4096, (1, 7777, 12_222)):
        rows = (chunks,) if isinstance(chunks, tuple) else chunks
        lazy = sample(mixture, 20_000, chunks=rows, random_state=3)
        assert np.array_equal(lazy.compute(), whole)
    single = sample(mixture, 9, random_state=3, dtype="float32")
    assert np.array_equal(single.compute(), whole[:9].astype("f4"))
