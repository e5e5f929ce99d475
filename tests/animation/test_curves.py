"""Tests of animation/curves.py and animation/drawing.py: sampling and slicing explained."""

import numpy as np

from gmmfast import Mixture, render_grid
from gmmfast.animation import (
    sampling_frames,
    slicing_frames,
)

LINE = Mixture([0.3, 0.7], [[0.0], [6.0]], [1.0, 1.0])


def test_the_sampled_histogram_comes_near_to_the_curve():
    *_, last = sampling_frames(LINE, (80, 120), 300)
    assert last.shape == (80, 120, 3)
    is_blue = last[..., 2].astype(int) - last[..., 0] > 5
    filled = is_blue.sum(axis=0) / 80
    density = render_grid(LINE, (120,), extent=[(-3.5, 9.5)])
    assert np.corrcoef(filled, density)[0, 1] > 0.9


def test_draws_depend_on_the_seed_alone():
    one, same, other = (
        np.stack(list(sampling_frames(LINE, (40, 60), 30, random_state=seed)))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_slice_shows_its_conditional_curve():
    joint = Mixture([1.0], [[0.0, 0.0]], [[[2.0, 1.2], [1.2, 1.0]]])
    frames = list(slicing_frames(joint, (90, 150), 5, extent=[(-4, 4), (-3, 3)]))
    for i, frame in enumerate(frames):
        is_red = frame[..., 0].astype(int) - frame[..., 2] > 20
        column = np.argmax(is_red[:, :100].sum(axis=0))
        assert abs(column - i * 99 / 4) <= 1
        # The longest row on the right is at the conditional mean, 0.6 x.
        x = -4 + 8 * (i * 99 / 4 + 0.5) / 100
        row = np.argmax(is_red[:, 101:].sum(axis=1))
        assert abs(row - ((0.6 * x + 3) / 6 * 90 - 0.5)) <= 2.5
