"""Tests of fitting/moments.py: the core's EM iteration is that of the textbook."""

import numpy as np
import pytest

from gmmfast import Mixture, _core
from oracle.em import expectation, maximization
from support.checks import check_close
from support.models import COVARIANCE_TYPES, random_parameters


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("n_features", [1, 2, 5])
def test_an_iteration_is_that_of_the_formulas(covariance_type, n_features):
    parameters = random_parameters(4, n_features, covariance_type)
    mixture = Mixture(*parameters, covariance_type=covariance_type)
    rng = np.random.default_rng(0)
    points, sample_weight = rng.normal(scale=5, size=(700, n_features)), rng.uniform(0, 3, 700)
    statistics = _core.Data(points, sample_weight).statistics(mixture._core)
    responsibilities, log_likelihood = expectation(mixture, points, sample_weight)
    check_close(statistics.log_likelihood, log_likelihood)
    check_close(statistics.weight, sample_weight.sum())
    check_close(statistics.counts, responsibilities.sum(axis=0))
    expected = maximization(points, responsibilities, covariance_type, 1e-6)
    *got, lost_digits = statistics.maximization(covariance_type, 1e-6)
    for array, formula in zip(got, expected, strict=True):
        check_close(array, formula)
    assert list(lost_digits) == []
