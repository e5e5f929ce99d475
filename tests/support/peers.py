"""Models in the classes of gmr and cgmm, and the answers of tgmm."""

import importlib.util
import json
from pathlib import Path

import gmr
import numpy as np
import pytest
from cgmm import GMMConditioner
from scipy.stats import ks_2samp

from gmmfast import Mixture
from support.models import full_parameters, random_parameters

CLOSE = {"rtol": 1e-10, "atol": 1e-11}
GIVEN, REST = [3, 1], [0, 2]
STORED = Path(__file__).parents[1] / "peers" / "tgmm_answers.json"
TGMM = json.loads(STORED.read_text())


def build(n_components=5, n_features=4, covariance_type="full", **options):
    parameters = random_parameters(n_components, n_features, covariance_type, **options)
    return Mixture(*parameters, covariance_type=covariance_type)


def points_of(n_features, n=12, scale=5.0):
    return np.random.default_rng(1).normal(scale=scale, size=(n, n_features))


def gmr_model(mixture, random_state=0):
    weights, means, covariances = full_parameters(mixture)
    return gmr.GMM(mixture.n_components, weights, means, covariances, random_state=random_state)


def check_same_distribution(ours, theirs):
    """Kolmogorov and Smirnov's test on every feature: each wrong for one seed in 10,000."""
    for one, other in zip(ours.T, theirs.T, strict=True):
        assert ks_2samp(one, other).pvalue > 1e-4


def cgmm_conditioner(mixture, given):
    return GMMConditioner(mixture.to_sklearn(), given, reg_covar=0).precompute()


def live_answers():
    if importlib.util.find_spec("tgmm") is None:
        return []
    from peers import tgmm_answers  # noqa: PLC0415 (needs tgmm)

    return [pytest.param(tgmm_answers.answers(), id="live")]


def tgmm_case(tgmm, covariance_type):
    case = {
        name: np.array(value) if isinstance(value, list) else value
        for name, value in tgmm["models"][covariance_type].items()
    }
    return Mixture(**case["parameters"], covariance_type=covariance_type), case
