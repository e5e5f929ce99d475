"""Models and points that several test files use."""

import numpy as np
from sklearn.mixture import GaussianMixture

from gmmfast import Mixture

#: scikit-learn's covariance types, and with those that it lacks.
COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
EVERY_TYPE = (*COVARIANCE_TYPES, "tied-diag", "tied-spherical")

#: Three components in the plane, over a picture of 40 x 24.
INK = Mixture(
    [0.5, 0.3, 0.2],
    [[10.0, 10.0], [30.0, 12.0], [22.0, 18.0]],
    [[[9.0, 3.0], [3.0, 4.0]], [[4.0, 0.0], [0.0, 4.0]], [[25.0, -4.0], [-4.0, 2.0]]],
    extent=[(0, 40), (0, 24)],
)


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
        "tied-diag": rng.uniform(0.5, 4.0, size=n_features),
        "tied-spherical": rng.uniform(0.5, 4.0, size=1),
    }
    return weights, means, covariances[covariance_type]


def build(n_components, n_features, covariance_type="full", **options):
    """Return a `Mixture` of `random_parameters`."""
    parameters = random_parameters(n_components, n_features, covariance_type, **options)
    return Mixture(*parameters, covariance_type=covariance_type)


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
        "tied-diag": lambda: np.tile(np.diag(covariances), (n_components, 1, 1)),
        "tied-spherical": lambda: np.tile(np.eye(n_features) * covariances, (n_components, 1, 1)),
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


def three_clouds(dtype):
    """Points of three features in three overlapping clouds of unlike widths."""
    rng = np.random.default_rng(3)
    centers = np.array([[0.0, 0, 5], [6, 2, 0], [-4, 8, 3]])
    clouds = [rng.normal(c, s, (150, 3)) for c, s in zip(centers, (1, 2, 3), strict=True)]
    return np.concatenate(clouds).astype(dtype)
