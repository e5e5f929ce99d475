"""Tests of rendering/survivors.py: counts of the components that survive culling."""

import numpy as np
import pytest

from gmmfast import Mixture
from gmmfast.rendering import count_survivors


def spots(*means):
    """Return a mixture of spherical components of deviation 1, and one of weight zero."""
    weights = [*np.full(len(means), 1 / len(means)), 0.0]
    return Mixture(weights, [*means, np.zeros(len(means[0]))], np.ones(len(weights)))


def test_tiles_have_the_grid_s_order_and_count_no_component_without_weight():
    model = spots([16, 16], [112, 16], [16, 112])
    counts = count_survivors(model, (100, 128))
    assert counts.shape == (4, 4)
    assert counts.dtype == np.uint32
    kept = [counts[0, 0], counts[0, 3], counts[3, 0]]
    assert kept == [1, 1, 1]
    assert counts.max() <= 3


@pytest.mark.parametrize(
    ("shape", "tiles"), [(1024, (1,)), (1025, (2,)), ((33, 32), (2, 1)), ((3, 32, 33), (3, 1, 2))]
)
def test_tiles_are_32_pixels_a_side_of_a_plane_and_1024_of_a_line(shape, tiles):
    model = spots(np.zeros(np.size(shape)))
    assert count_survivors(model, shape).tolist() == np.ones(tiles).tolist()


def test_a_tolerance_leaves_more_out_and_threads_change_nothing():
    rng = np.random.default_rng(0)
    model = Mixture(np.full(200, 1 / 200), rng.uniform(0, 255, (200, 5)), np.full(200, 90.0))
    exact = count_survivors(model, (256, 256), n_threads=1)
    assert (count_survivors(model, (256, 256), n_threads=2) == exact).all()
    loose = count_survivors(model, (256, 256), tolerance=1e-2)
    assert (loose <= exact).mean() > 0.9
    assert loose.sum() < exact.sum() < 64 * 200


def test_arguments_are_those_of_render_grid():
    with pytest.raises(ValueError, match="quantity: expected"):
        count_survivors(spots([0, 0]), (8, 8), quantity="mean")
