"""Tests of estimators/versions.py: the tested versions of scikit-learn."""

import re
import warnings
from importlib import metadata

import pytest
import sklearn

from gmmfast.estimators.versions import TESTED, warn_if_untested


@pytest.mark.parametrize("version", [*TESTED, "1.5.0", "1.9.7", "1.9.dev0", sklearn.__version__])
def test_a_tested_version_is_silent(version):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_untested(version)


@pytest.mark.parametrize("version", ["1.4.2", "1.10.0", "1.10.dev0", "2.0rc1"])
def test_another_version_warns(version):
    message = f"expected a version from 1.5 to 1.9, .* got {re.escape(version)}; if results differ"
    with pytest.warns(UserWarning, match=message):
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
