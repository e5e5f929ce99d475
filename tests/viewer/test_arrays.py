"""The arrays of a page: conditionals as `Mixture.condition` has them, and lists with a proof."""

import numpy as np
import pytest

from gmmfast import Mixture
from gmmfast.viewer.arrays import component_arrays, scene_of, tile_lists
from support.models import random_parameters


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("n_features", [2, 3, 5, 6])
def test_components_are_those_of_the_conditional_mixture(n_features, covariance_type):
    parameters = random_parameters(5, n_features, covariance_type, seed=2)
    mixture = Mixture(*parameters, covariance_type=covariance_type)
    scene = scene_of(mixture, None)
    n = scene.n_axes
    assert n == (3 if n_features == 6 else 2)
    arrays = component_arrays(scene)
    point = np.array([1.0, -2.0, 0.5][:n])
    offsets = point[::-1] - arrays["position"]
    factors = np.zeros((5, n, n))
    factors[:, *np.tril_indices(n)] = arrays["factor"]
    whitened = (factors @ offsets[..., None])[..., 0]
    bits = arrays["peak"] - (whitened**2).sum(axis=1)
    marginal = mixture.marginal(range(n))
    total = np.log(np.sum(2.0**bits))
    np.testing.assert_allclose(total, marginal.score_samples([point])[0], rtol=1e-12)
    if n_features == n:
        return
    conditional = mixture.condition(range(n), point)
    np.testing.assert_allclose(2.0**bits / np.sum(2.0**bits), conditional.weights, atol=1e-12)
    slopes = arrays["slopes"].reshape(5, -1, n)
    means = arrays["color"] + (slopes @ offsets[..., None])[..., 0]
    np.testing.assert_allclose(means, conditional.means, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("y", [(0, 60), (60, 0)])
def test_lists_leave_out_less_than_the_tolerance_at_every_point_of_a_tile(y):
    rng = np.random.default_rng(0)
    n = 300
    means = rng.uniform(0, [90, 60, 255, 255, 255], (n, 5))
    mixture = Mixture(
        np.full(n, 1 / n),
        means,
        rng.uniform(2, 30, (n, 5)),
        covariance_type="diag",
        extent=[(0, 90), y],
    )
    lists = tile_lists(scene_of(mixture, None))
    (left, width), (top, height) = lists.tiling
    _, rows, columns = lists.shape
    assert left <= 0
    assert left + columns * width >= 90
    bottom = top + rows * height
    assert min(top, bottom) <= 0
    assert max(top, bottom) >= 60
    assert (lists.n_mean <= lists.n_all).all()
    starts = np.cumsum([0, *lists.n_all.tolist()])
    for tile in range(0, rows * columns, 7):
        corner = np.array([left + tile % columns * width, top + tile // columns * height])
        points = corner + rng.uniform(0, 1, (20, 2)) * [width, height]
        points[:4] = corner + np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * [width, height]
        kept = lists.components[starts[tile] : starts[tile] + lists.n_mean[tile]]
        responsibilities = mixture.marginal([0, 1]).predict_proba(points)
        assert (1 - responsibilities[:, kept].sum(axis=1)).max() < 2**-12
        everything = lists.components[starts[tile] : starts[tile + 1]]
        assert len(set(everything.tolist())) == len(everything)


def test_a_scene_follows_the_extent_the_picture_or_the_components():
    ink = ([1.0], [[5.0, 3.0]], [4.0])
    assert scene_of(Mixture(*ink, extent=[(0, 20), (0, 10)]), None).shape == (10, 20)
    assert scene_of(Mixture(*ink, extent=[(0, 20), (10, 0)]), None).shape == (10, 20)
    assert scene_of(Mixture(*ink, extent=[(1, 0), (0, 0.5)]), None).shape == (320, 640)
    scene = scene_of(Mixture(*ink), (30, 40))
    assert scene.extent == ((-0.5, 39.5), (-0.5, 29.5))
    scene = scene_of(Mixture(*ink), None)
    np.testing.assert_allclose(scene.extent, [(-1, 11), (-3, 9)])
    assert scene_of(Mixture([1.0], [[0.0, 0.0]], [1e-12]), None).shape == (640, 640)


def test_the_kind_tells_a_clip_from_a_picture_with_alpha():
    mixture = Mixture([1.0], [[4.0, 3.0, 1.0, 9.0, 9.0, 9.0]], np.eye(6)[None])
    clip = mixture.with_extent([(-0.5, 7.5), (-0.5, 5.5), (-0.5, 1.5)]).with_kind("video")
    assert scene_of(clip, None).shape == (2, 6, 8)
    alpha = mixture.with_extent([(-0.5, 7.5), (-0.5, 5.5)]).with_kind("color-alpha")
    with pytest.raises(ValueError, match=r"model: expected the features .* got 6 features"):
        scene_of(alpha, None)


def test_a_weight_of_zero_is_in_no_list():
    model = Mixture([1.0, 0.0], [[5.0, 5.0], [6.0, 6.0]], [4.0, 4.0], extent=[(0, 10), (0, 10)])
    lists = tile_lists(scene_of(model, None))
    assert set(lists.components.tolist()) == {0}
