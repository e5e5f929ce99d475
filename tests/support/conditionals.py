"""Helpers for the tests of mixture."""

import numpy as np

from gmmfast import Mixture
from support.models import random_parameters


def build(n_components=5, n_features=4, covariance_type="full", **options):
    parameters = random_parameters(n_components, n_features, covariance_type, **options)
    return Mixture(*parameters, covariance_type=covariance_type)


def points_near(mixture, features, n, seed=1):
    rng = np.random.default_rng(seed)
    centers = mixture.means[rng.integers(mixture.n_components, size=n)]
    return (centers + rng.normal(scale=2, size=centers.shape))[:, features]
