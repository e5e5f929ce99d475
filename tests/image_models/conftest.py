"""Fixtures for the tests of image_models."""

import numpy as np
import pytest

from gmmfast import (
    Mixture,
    _core,
    render_grid,
)
from gmmfast.fitting import samples
from support.image_models import SPOTS


@pytest.fixture(scope="module")
def drawing():
    """Five gray spots on white, (120, 160)."""
    spots = Mixture(np.full(5, 0.2), SPOTS, np.full(5, 40.0), covariance_type="spherical")
    density = render_grid(spots, (120, 160))
    return np.rint(255 * (1 - density / density.max())).astype(np.uint8)


@pytest.fixture
def trees(monkeypatch):
    """The sizes of all k-d trees that are built."""
    sizes = []

    def counted(points, *rest):
        sizes.append(len(points))
        return _core.Data(points, *rest)

    class Counting:
        Data = staticmethod(counted)
        Statistics = _core.Statistics

    monkeypatch.setattr(samples, "_core", Counting)
    return sizes
