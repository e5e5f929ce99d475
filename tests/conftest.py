"""Models, grids and oracles that the tests share.

The oracles are scikit-learn, textbook formulas written here without Cholesky
factors, and the NumPy twin; none of them shares code with the Rust extension.
"""

import os
import re
import subprocess
import sys
from itertools import product

import mpmath
import numpy as np
import pytest
from PIL import Image
from scipy.special import entr, logsumexp, softmax
from sklearn.datasets import load_sample_image
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from gmmfast import Mixture, cli, fit_image, images
from gmmfast.reference import grid as reference_grid
from gmmfast.reference import mixture as reference_mixture

COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
NUMBERS = ("density", "log_density", "mean", "covariance", "std", "entropy")
QUANTITIES = (*NUMBERS, "label")
# How often the number of remaining features is in the shape of a value.
VALUE_AXES = {"mean": 1, "covariance": 2, "std": 1}
# Two correct float64 computations differ by rounding, in log-densities of some hundreds by some
# 1e-13; conditional moments by that times the values.
CLOSE = {"rtol": 1e-11, "atol": 1e-11}
FITS = list(product((GaussianMixture, BayesianGaussianMixture), COVARIANCE_TYPES, ("f8", "f4")))


def random_parameters(n_components, n_features, covariance_type, *, seed=0, spread=5.0):
    """Weights, means and well-conditioned covariances in scikit-learn's layouts."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(n_components, 3.0))
    means = rng.normal(scale=spread, size=(n_components, n_features))
    roots = rng.normal(size=(n_components, n_features, n_features)) / np.sqrt(n_features)
    full = roots @ roots.transpose(0, 2, 1) + 0.5 * np.eye(n_features)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": rng.uniform(0.5, 4.0, size=(n_components, n_features)),
        "spherical": rng.uniform(0.5, 4.0, size=n_components),
    }
    return weights, means, covariances[covariance_type]


def picture_model(n_components=6, n_features=4, covariance_type="full", *, size=12):
    """A mixture over pixel coordinates of a small picture and levels of about 0 to 255."""
    weights, means, covariances = random_parameters(
        n_components, n_features, covariance_type, spread=1
    )
    means = means * 3 + size / 2
    means[:, -1] = np.linspace(-40, 290, n_components)  # so that uint8 has to clip
    return Mixture(weights, means, covariances * 4, covariance_type=covariance_type)


def matrices(means, covariances, covariance_type):
    """Covariances of any type as matrices, (n_components, n_features, n_features)."""
    n_components, n_features = np.shape(means)
    covariances = np.asarray(covariances, dtype=float)
    return {
        "full": lambda: covariances,
        "tied": lambda: np.tile(covariances, (n_components, 1, 1)),
        "diag": lambda: np.stack([np.diag(variances) for variances in covariances]),
        "spherical": lambda: np.stack([np.eye(n_features) * v for v in covariances]),
    }[covariance_type]()


def as_scikit_learn(weights, means, full_covariances):
    """A GaussianMixture with these parameters, in float64, as if it had been fitted."""
    estimator = GaussianMixture(len(weights), covariance_type="full")
    estimator.weights_ = np.asarray(weights, dtype=float)
    estimator.means_ = np.asarray(means, dtype=float)
    estimator.covariances_ = np.asarray(full_covariances, dtype=float)
    inverse_factors = [np.linalg.inv(np.linalg.cholesky(c)) for c in estimator.covariances_]
    estimator.precisions_cholesky_ = np.stack([factor.T for factor in inverse_factors])
    return estimator


def full_parameters(mixture):
    """Weights, means and covariance matrices of a mixture of any covariance type.

    scikit-learn's float32 fits are symmetric to rounding only; the lower triangle counts.
    """
    full = matrices(mixture.means, mixture.covariances, mixture.covariance_type)
    symmetric = np.tril(full) + np.tril(full, -1).transpose(0, 2, 1)
    return mixture.weights, mixture.means, symmetric


def as_gaussian_mixture(estimator):
    """A GaussianMixture with a fitted estimator's parameters, Bayesian ones too, as they are."""
    same = GaussianMixture(4, covariance_type=estimator.covariance_type)
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        setattr(same, name, getattr(estimator, name))
    return same


def grid_points(shape, extent=None):
    """Coordinates of the pixels of a grid, (n_pixels, n_axes), x first."""
    indices = np.indices(shape)[::-1].reshape(len(shape), -1).T
    if extent is None:
        return indices.astype(float)
    low, high = np.transpose(extent)
    return low + (indices + 0.5) * (high - low) / shape[::-1]


def textbook_conditional(weights, means, full_covariances, given, point):
    """Weights, means and covariances of the other features given `point`.

    C. M. Bishop, Pattern Recognition and Machine Learning, 2006: equations 2.81
    and 2.82 for each component, 9.23 (responsibilities) for the weights.
    """
    target = [i for i in range(np.shape(means)[1]) if i not in given]
    log_shares, new_means, new_covariances = [], [], []
    for weight, mean, covariance in zip(weights, means, full_covariances, strict=True):
        inner = covariance[np.ix_(given, given)]
        slopes = covariance[np.ix_(target, given)] @ np.linalg.inv(inner)
        offset = np.asarray(point, dtype=float) - mean[given]
        new_means.append(mean[target] + slopes @ offset)
        explained = slopes @ covariance[np.ix_(given, target)]
        new_covariances.append(covariance[np.ix_(target, target)] - explained)
        distance = offset @ np.linalg.inv(inner) @ offset
        log_det = np.linalg.slogdet(2 * np.pi * inner)[1]
        log_weight = np.log(weight) if weight > 0 else -np.inf
        log_shares.append(log_weight - 0.5 * (distance + log_det))
    return softmax(log_shares), np.array(new_means), np.array(new_covariances)


def textbook_quantities(weights, means, full_covariances, given, points):
    """What `textbook_conditional` says about every point, by name of the quantity.

    "is clear" is where the two largest responsibilities differ by more than rounding, so that
    there is one right label.
    """
    names = ("mean", "covariance", "std", "entropy", "label", "is clear")
    values = {name: [] for name in names}
    for point in points:
        shares, experts, inner = textbook_conditional(
            weights, means, full_covariances, given, point
        )
        mean = shares @ experts
        offsets = experts - mean
        covariance = np.einsum("k,kij->ij", shares, inner)
        covariance += np.einsum("k,ki,kj->ij", shares, offsets, offsets)
        largest = np.sort(shares)[-2:]
        std, entropy = np.sqrt(np.diagonal(covariance)), entr(shares).sum()
        is_clear = largest[-1] - largest[0] > 1e-9 or len(shares) == 1
        row = (mean, covariance, std, entropy, np.argmax(shares), is_clear)
        for name, value in zip(names, row, strict=True):
            values[name].append(value)
    return {name: np.array(value) for name, value in values.items()}


def textbook_log_density(weights, means, full_covariances, points):
    """Log p by scipy's logsumexp of the formula with explicit inverses, (n_points,)."""
    terms = []
    for weight, mean, covariance in zip(weights, means, full_covariances, strict=True):
        offset = points - mean
        distance = np.einsum("ni,ij,nj->n", offset, np.linalg.inv(covariance), offset)
        log_weight = np.log(weight) if weight > 0 else -np.inf
        log_det = np.linalg.slogdet(2 * np.pi * covariance)[1]
        terms.append(log_weight - 0.5 * (distance + log_det))
    return logsumexp(terms, axis=0)


def exact_log_density(mixture, point):
    """Log p in 50 decimal digits, of the very float64 parameters."""
    with mpmath.workdps(50):
        terms = []
        for weight, mean, covariance in zip(*full_parameters(mixture), strict=True):
            matrix = mpmath.matrix(covariance.tolist())
            pairs = zip(point.tolist(), mean.tolist(), strict=True)
            offset = mpmath.matrix([mpmath.mpf(x) - mpmath.mpf(m) for x, m in pairs])
            distance = (offset.T * mpmath.lu_solve(matrix, offset))[0]
            peak = mpmath.log(weight) - mpmath.log(mpmath.det(2 * mpmath.pi * matrix)) / 2
            terms.append(peak - distance / 2)
        largest = max(terms)
        return largest + mpmath.log(mpmath.fsum(mpmath.exp(t - largest) for t in terms))


def twin_render(mixture, shape, quantity, *, extent=None, given=None, dtype=np.float64):
    """The same picture by the NumPy twin, whatever the backend."""
    twin = reference_mixture.Mixture(
        mixture.weights, mixture.means, mixture.covariances, mixture.covariance_type
    )
    given = list(range(len(shape))) if given is None else list(given)
    extent = [(-0.5, n - 0.5) for n in reversed(shape)] if extent is None else list(extent)
    n_targets = mixture.n_features - len(shape)
    out = np.empty((*shape, *(n_targets,) * VALUE_AXES.get(quantity, 0)), dtype)
    reference_grid.Rendering(twin, quantity, shape, extent, given).render(out)
    return out


def check_close(image, expected):
    """Equal to rounding of numbers of this size; covariances near 0 come of large ones."""
    expected = np.asarray(expected)
    atol = CLOSE["atol"] * max(1, np.abs(expected[np.isfinite(expected)], dtype=float).max())
    np.testing.assert_allclose(image, expected, rtol=CLOSE["rtol"], atol=atol)


def check_single(single, exact, quantity):
    """float32, rounded as float32 is: relative for a density, else at the size of the values."""
    assert single.dtype == np.float32
    if quantity == "label":
        np.testing.assert_array_equal(single, exact)
        return
    sizes = {"density": 2.0**-125, "log_density": 1, "entropy": 1}
    size = sizes.get(quantity, np.abs(exact).max())
    rounded = exact.astype(np.float32).astype(float)
    np.testing.assert_allclose(single, rounded, rtol=2.0**-23, atol=size * 2.0**-24)


def check_levels(levels, exact):
    assert levels.dtype == np.uint8
    clipped = np.clip(exact, 0, 255)
    rounded = np.rint(clipped)
    assert np.abs(levels - rounded).max() <= 1
    is_clear = np.abs(np.abs(clipped - np.floor(clipped)) - 0.5) > 0.02
    np.testing.assert_array_equal(levels[is_clear], rounded[is_clear])


def three_clouds(dtype):
    """Points of three features in three overlapping clouds of unlike widths."""
    rng = np.random.default_rng(3)
    centres = np.array([[0.0, 0, 5], [6, 2, 0], [-4, 8, 3]])
    clouds = [rng.normal(c, s, (150, 3)) for c, s in zip(centres, (1, 2, 3), strict=True)]
    return np.concatenate(clouds).astype(dtype)


@pytest.fixture(scope="session", params=FITS, ids=lambda p: f"{p[0].__name__}-{p[1]}-{p[2]}")
def fitted(request):
    """A fitted estimator, and the points that it was fitted to."""
    estimator, covariance_type, dtype = request.param
    points = three_clouds(dtype)
    fit = estimator(
        n_components=4, covariance_type=covariance_type, max_iter=15, random_state=0
    ).fit(points)
    return fit, points


def refusal(error, call, *arguments, **options):
    """The message of the error, of exactly this class, that the call raises."""
    with pytest.raises(Exception, match=r".") as caught:
        call(*arguments, **options)
    assert type(caught.value) is error, repr(caught.value)
    return str(caught.value)


def check_message(message, pattern):
    """`pattern` names the argument at the start; the message says what was expected and got."""
    assert re.match(pattern, message), message
    assert ": expected" in message, message
    assert " got " in message, message


@pytest.fixture
def run_python():
    """Run code in a new interpreter, with changes to the environment (None removes)."""

    def run(code, *options, **changes):
        environment = {**os.environ, **changes}
        kept = {name: value for name, value in environment.items() if value is not None}
        return subprocess.run(
            [sys.executable, *options, "-c", code],
            env=kept,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


class Outcome:
    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr


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


# --- commands --------------------------------------------------------------------------------


QUICK_FIT = ["-k", "12", "--max-iter", "3"]


@pytest.fixture
def photo(tmp_path):
    """An eighth of china.jpg each way, as a file: 80 x 54."""
    path = tmp_path / "photo.png"
    Image.fromarray(load_sample_image("china.jpg")[::8, ::8]).save(path)
    return path


@pytest.fixture(scope="session")
def photo_mixture():
    """What `gmmfast fit photo.png` fits with the options QUICK_FIT."""
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


def run_command(*arguments, stdin=b"", cwd=None, stdout=subprocess.PIPE):
    """Run the command in a process of its own, with bytes through its pipes."""
    process = subprocess.run(
        [sys.executable, "-m", "gmmfast.cli", *map(str, arguments)],
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        check=False,
        timeout=60,
    )
    return Outcome(process.returncode, process.stdout, process.stderr.decode())


def as_rgb(pixels):
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def check_same(picture, expected):
    """The picture, as a viewer shows it, is these pixels."""
    np.testing.assert_array_equal(images.read_image(picture), as_rgb(expected))
