"""Fixtures for the tests of estimators."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image


@pytest.fixture(scope="module")
def pixels():
    """(x, y, r, g, b) of 4,000 pixels of china.jpg, drawn with a fixed seed."""
    image = load_sample_image("china.jpg").astype(float)
    rows, columns = np.indices(image.shape[:2])
    points = np.column_stack([columns.ravel(), rows.ravel(), image.reshape(-1, 3)])
    return points[np.random.default_rng(0).choice(len(points), 4000, replace=False)]
