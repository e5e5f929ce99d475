"""Tests of acceleration/profiling.py and _log.py: calls counted and timed, reasons with places."""

import io
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

import gmmfast

POINTS = np.random.default_rng(0).normal(size=(60, 2))


class Other(gmmfast.GaussianMixture):
    """A subclass with a step of its own, which falls back."""

    def _m_step(self, *arguments, **options):
        return super()._m_step(*arguments, **options)


def model(kind=gmmfast.GaussianMixture, **options):
    return kind(n_components=2, max_iter=500, random_state=0, **options)


def one(*_):
    return 1.0


def counts(report, name):
    each = report.methods[name]
    assert (each.accelerated_seconds > 0) == (each.accelerated > 0)
    assert (each.fallback_seconds > 0) == (each.fallback > 0)
    return each.accelerated, each.fallback


@pytest.fixture
def file():
    return io.StringIO()


def test_each_method_has_its_calls(file):
    with gmmfast.profile(file=file) as report:
        fitted = model().fit(POINTS)
        fitted.predict(POINTS)
        fitted.bic(POINTS)
        fitted.predict_proba(POINTS)
        model(gmmfast.BayesianGaussianMixture).fit_predict(POINTS)
        regressor = gmmfast.GaussianMixtureRegressor(max_iter=500)
        regressor.fit(POINTS[:, :1], POINTS[:, 1])
        regressor.score(POINTS[:, :1], POINTS[:, 1])
        regressor.sample_y(POINTS[:, :1])
        gmmfast.select_n_components(POINTS, [1, 2])
        model().partial_fit(POINTS)
    names = [
        "BayesianGaussianMixture.fit_predict",
        "GaussianMixture.fit",
        "GaussianMixture.partial_fit",
        "GaussianMixture.predict",
        "GaussianMixture.predict_proba",
        "GaussianMixture.score_samples",
        "GaussianMixtureRegressor.fit",
        "GaussianMixtureRegressor.predict",
        "GaussianMixtureRegressor.sample_y",
    ]
    assert list(report.methods) == names
    assert counts(report, "GaussianMixture.fit")[0] >= 3
    for name in set(names) - {"GaussianMixture.fit"}:
        assert counts(report, name) == (1, 0)
    assert report.fallbacks == {}
    assert file.getvalue() == f"{report}\n"
    assert "fallbacks to scikit-learn: none\n" in file.getvalue()


def test_a_fallback_has_its_reason_and_the_line_of_the_users_code(file):
    with gmmfast.profile(file=file) as report:
        for _ in range(2):
            model(Other).fit(POINTS)  # the line
        cross_val_score(model(Other), POINTS, cv=2, scoring=one)  # scikit-learn calls fit
    assert list(report.methods) == ["Other.fit"]
    assert counts(report, "Other.fit") == (0, 4)
    lines = Path(__file__).read_text().splitlines()
    found = zip(report.fallbacks.items(), ("the line", "calls fit"), strict=True)
    for (each, n_calls), text in found:
        assert n_calls == 2
        assert each.method == "Other.fit"
        assert each.reason == "Other has a _m_step of its own"
        assert each.file == __file__
        assert text in lines[each.line - 1]
        line = f"  {__file__}:{each.line}: Other.fit, 2x: Other has a _m_step of its own\n"
        assert line in file.getvalue()


def test_a_method_within_another_belongs_to_the_outer_call(file):
    with gmmfast.profile(file=file) as report:
        fitted = model()
        fitted.fit(POINTS, progress=lambda *_: None)
        fitted.fit(POINTS, progress=lambda *_: model().fit(POINTS[:9]))
    assert counts(report, "GaussianMixture.fit") == (2, 0)


def test_profiles_within_one_another_count_what_runs_in_each(file):
    with gmmfast.profile(file=file) as outer:
        fitted = model().fit(POINTS)
        with gmmfast.profile(file=file) as inner:
            fitted.predict(POINTS)
    fitted.predict(POINTS)
    assert list(inner.methods) == ["GaussianMixture.predict"]
    assert list(outer.methods) == ["GaussianMixture.fit", "GaussianMixture.predict"]
    assert counts(outer, "GaussianMixture.predict") == (1, 0)


def test_threads_are_all_counted(file):
    fitted = model().fit(POINTS)
    with gmmfast.profile(file=file) as report, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: fitted.predict(POINTS), range(400)))
        list(pool.map(lambda _: model(Other).fit(POINTS), range(4)))
    assert counts(report, "GaussianMixture.predict") == (400, 0)
    assert counts(report, "Other.fit") == (0, 4)
    assert sum(report.fallbacks.values()) == 4


def test_calls_that_raise_count_and_the_error_passes_on(file):
    with (
        pytest.raises(ValueError, match="minimum of 2 is required"),
        gmmfast.profile(file=file) as report,
    ):
        model().fit(POINTS[:1])
    assert counts(report, "GaussianMixture.fit") == (1, 0)
    with gmmfast.profile(file=file) as report:
        model().fit(POINTS)
    assert counts(report, "GaussianMixture.fit") == (1, 0), "the failed call is closed"


def test_an_empty_profile_reports_the_remedy(file):
    with gmmfast.profile(file=file):
        pass
    assert file.getvalue() == (
        "gmmfast: no calls of its estimators; scikit-learn is not patched: call patch_sklearn\n"
    )


def test_the_table_goes_to_standard_error(capsys):
    with gmmfast.profile() as report:
        model().fit(POINTS)
    assert capsys.readouterr() == ("", f"{report}\n")


def test_observed_methods_keep_their_signatures_and_docstrings():
    assert gmmfast.GaussianMixture.fit.__doc__.startswith("Estimate the parameters")
    assert list(signature(gmmfast.GaussianMixture.fit).parameters)[:3] == ["self", "X", "y"]


def test_strict_mode_raises_before_anything_runs_and_ends_with_the_patch(run_python):
    code = """
import numpy as np, gmmfast
X = np.random.default_rng(0).normal(size=(60, 2))
def fails(method):
    try:
        method(X)
    except gmmfast.FallbackError as error:
        return str(error)
gmmfast.patch_sklearn(strict=True)
from sklearn.mixture import GaussianMixture
class Other(GaussianMixture):
    def _estimate_log_prob(self, *arguments, **options):
        return super()._estimate_log_prob(*arguments, **options)
fitted = GaussianMixture(2, random_state=0, max_iter=500).fit(X)
other = Other(2, random_state=0, max_iter=500)
print(fails(other.fit))
assert not hasattr(other, "means_")
vars(other).update(vars(fitted))
for method in (other.fit_predict, other.predict, other.predict_proba, other.score_samples):
    assert "Other has a _estimate_log_prob of its own" in fails(method), method
gmmfast.unpatch_sklearn()
other.fit(X)
"""
    result = run_python(code)
    expected = (
        "Other.fit: expected a call that gmmfast accelerates, got one that falls back to "
        "scikit-learn: Other has a _estimate_log_prob of its own; remove the cause, or turn "
        "strict mode off to run scikit-learn's code\n"
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, expected, "")


def test_the_environment_turns_strict_mode_on(run_python):
    code = """
import gmmfast
class Other(gmmfast.GaussianMixture):
    def _m_step(self, *arguments, **options):
        return super()._m_step(*arguments, **options)
Other().fit([[0.0], [1.0]])
"""
    assert "gmmfast._log.FallbackError: Other.fit: " in run_python(code, GMMFAST_STRICT="1").stderr
    assert run_python(code, GMMFAST_STRICT="0").returncode == 0
