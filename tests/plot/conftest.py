"""Fixtures for the tests of plot."""

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from sklearn.datasets import load_sample_image

from gmmfast import fit_image

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def photograph():
    return fit_image(load_sample_image("china.jpg")[::10, ::10], 12, max_iter=3)
