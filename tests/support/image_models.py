"""Helpers for the tests of image_models."""

import numpy as np
from sklearn.datasets import load_sample_image

CHINA, FLOWER = load_sample_image("china.jpg"), load_sample_image("flower.jpg")

PHOTO = np.ascontiguousarray(CHINA[::6, ::6])

SPOTS = [[30, 30], [120, 30], [80, 70], [30, 95], [130, 95]]


def check_same_parameters(got, want, rtol=1e-9):
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(getattr(got, name), getattr(want, name), rtol, atol=1e-9)
    assert got.n_iter_ == want.n_iter_
