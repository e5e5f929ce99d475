"""Tests of estimators/versions.py: the tested versions of scikit-learn."""

import re
import warnings
from importlib import metadata

import numpy as np
import pytest
import sklearn

from gmmfast import GaussianMixture
from gmmfast.estimators import versions
from gmmfast.estimators.versions import TESTED, check_rows, checked_weight, warn_if_untested
from support.checks import refusal


@pytest.mark.parametrize("version", [*TESTED, "1.5.0", "1.9.7", "1.9.dev0", sklearn.__version__])
def test_a_tested_version_is_silent(version):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_untested(version)


@pytest.mark.parametrize("version", ["1.4.2", "1.10.0", "1.10.dev0", "2.0rc1"])
def test_another_version_warns(version):
    message = (
        "scikit-learn: expected a version from 1.5 to 1.9, with which gmmfast is tested, got "
        f"{version}; if results differ, install one of these or another version of gmmfast"
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(message)}$"):
        warn_if_untested(version)


def test_an_untested_version_warns_once_and_goes_on(run_python):
    code = """
import sklearn
sklearn.__version__ = "9.9"
import gmmfast, warnings
gmmfast.patch_sklearn()
gmmfast.unpatch_sklearn()
gmmfast.patch_sklearn()
gmmfast.GaussianMixture().fit([[0.0], [1.0]])
"""
    result = run_python(code)
    assert result.returncode == 0
    assert result.stderr.count("UserWarning: scikit-learn: expected a version from") == 1


def test_the_oldest_version_is_the_one_that_the_package_requires():
    try:
        requirements = metadata.requires("gmmfast")
    except metadata.PackageNotFoundError:
        pytest.skip("a source tree on the path, not installed")
    assert f"scikit-learn>={TESTED[0]}" in requirements


def test_weights_are_as_the_core_takes_them():
    X, weights = np.zeros((4, 2)), np.array([0.5, 1.0, 0.0, 3.0])
    misaligned = np.frombuffer(b" " + weights.tobytes(), np.uint8)[1:].view(float)
    for given in (weights, weights.astype("f4"), np.repeat(weights, 2)[::2], misaligned):
        taken = checked_weight(given, X)
        assert (taken.dtype, taken.flags.c_contiguous, taken.flags.aligned) == ("f8", True, True)
        np.testing.assert_array_equal(taken, weights)


def test_rows_are_floats_and_may_be_none():
    assert check_rows([[1, 2]], allows_nan=False).dtype == np.float64
    assert check_rows(np.ones((1, 2), "f4"), allows_nan=False).dtype == np.float32
    assert check_rows(np.ones((0, 2)), allows_nan=False).shape == (0, 2)
    assert np.isnan(check_rows([[np.nan]], allows_nan=True)).all()
    assert "NaN" in refusal(ValueError, check_rows, [[np.nan]], allows_nan=False)


def test_the_message_of_an_ill_defined_covariance_is_scikit_learns(monkeypatch):
    plain = GaussianMixture._sklearn_class(1, reg_covar=0.0)
    assert versions.ill_defined() == refusal(ValueError, plain.fit, np.zeros((3, 2)))
    # A version that would not refuse it has none.
    monkeypatch.setattr(versions, "with_namespace", lambda *_: None)
    assert versions.ill_defined() == (
        "Fitting the mixture model failed because of ill-defined empirical covariance."
    )
