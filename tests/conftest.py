"""Fixtures that several test files use."""

import os
import subprocess
import sys
from collections import Counter
from itertools import product

# Idle threads of BLAS and OpenMP spin, and take the processors from the other workers of pytest.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from gmmfast import Mixture, cli, fit_image
from support.commands import Outcome
from support.models import COVARIANCE_TYPES, three_clouds
from support.processes import default_interrupts

#: Every how many-th case of a test with parameters runs: all, or fewer in emulation (.ci/arm).
STRIDE = int(os.environ.get("GMMFAST_TEST_STRIDE", "1"))

FITS = list(product((GaussianMixture, BayesianGaussianMixture), COVARIANCE_TYPES, ("f8", "f4")))


def pytest_collection_modifyitems(config, items):
    """Keep every STRIDE-th case of each test, and so at least the first."""
    seen = Counter()
    kept, left_out = [], []
    for item in items:
        test = item.nodeid.partition("[")[0]
        (left_out if seen[test] % STRIDE else kept).append(item)
        seen[test] += 1
    items[:] = kept
    if left_out:
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session", params=FITS, ids=lambda p: f"{p[0].__name__}-{p[1]}-{p[2]}")
def fitted(request):
    """A fitted estimator, and the points that it was fitted to."""
    estimator, covariance_type, dtype = request.param
    points = three_clouds(dtype)
    fit = estimator(
        n_components=4, covariance_type=covariance_type, max_iter=15, random_state=0
    ).fit(points)
    return fit, points


@pytest.fixture(scope="module")
def pixels():
    """(x, y, r, g, b) of 4,000 pixels of china.jpg, drawn with a fixed seed."""
    image = load_sample_image("china.jpg").astype(float)
    rows, columns = np.indices(image.shape[:2])
    points = np.column_stack([columns.ravel(), rows.ravel(), image.reshape(-1, 3)])
    return points[np.random.default_rng(0).choice(len(points), 4000, replace=False)]


@pytest.fixture
def run_python():
    """Run code in a new interpreter, with changes to the environment (None removes)."""

    def run(code, *options, arguments=(), **changes):
        environment = {**os.environ, **changes}
        kept = {name: value for name, value in environment.items() if value is not None}
        with default_interrupts():
            return subprocess.run(
                [sys.executable, *options, "-c", code, *map(str, arguments)],
                env=kept,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )

    return run


@pytest.fixture
def gmmfast(monkeypatch, capfd, tmp_path):
    """Run the command in this process, in an empty folder; return status and output."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["gmmfast", *map(str, arguments)])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = end.code
        return Outcome(status, *capfd.readouterr())

    return run


@pytest.fixture
def photo(tmp_path):
    """An eighth of china.jpg each way, as a file: 80 x 54."""
    path = tmp_path / "photo.png"
    Image.fromarray(load_sample_image("china.jpg")[::8, ::8]).save(path)
    return path


@pytest.fixture(scope="session")
def photo_mixture():
    """The model that `gmmfast fit photo.png` fits with the options QUICK_FIT."""
    pixels = np.ascontiguousarray(load_sample_image("china.jpg")[::8, ::8])
    return Mixture.from_model(fit_image(pixels, 12, kind="color", max_iter=3))


@pytest.fixture
def model(tmp_path, photo_mixture):
    """The file of the photograph's mixture."""
    path = tmp_path / "model.npz"
    photo_mixture.save(path)
    return path


@pytest.fixture
def ink_model(tmp_path):
    """The file of a mixture of ink, of a picture of 30 x 20."""
    path = tmp_path / "ink.npz"
    covariances = [[[9.0, 4.0], [4.0, 6.0]], [[4.0, 0.0], [0.0, 25.0]]]
    extent = [(-0.5, 29.5), (-0.5, 19.5)]
    Mixture([0.4, 0.6], [[8.0, 6.0], [22.0, 14.0]], covariances, extent=extent).save(path)
    return path
