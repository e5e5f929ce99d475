"""scikit-learn's own tests, with gmmfast's classes in the place of its own: `make upstream`.

Run by `python -m gmmfast`, so that whatever the tests import is patched before. A run fails,
though every test may have passed, unless

- all classes in the test modules and all estimators under test are gmmfast's;
- the kernels have run, and what fell back to scikit-learn did so for a reason listed here;
- no test of theirs was left out or is marked as failing, and those that were skipped need an
  array library for graphics cards, or what mixtures do not do;
- at least as many tests have passed as pass with scikit-learn's own classes.
"""

import logging
import os
import re
import sys
from collections import Counter

import pytest

import gmmfast

OURS = (gmmfast.GaussianMixture, gmmfast.BayesianGaussianMixture)
THEIRS = tuple(each._sklearn_class for each in OURS)
KERNELS = ("expectation", "score_samples", "predict", "predict_proba")
# How many tests pass with scikit-learn 1.9.1's own classes, with SCIPY_ARRAY_API=1,
# SKLEARN_RUN_FLOAT32_TESTS=1, array-api-strict and pandas.
SUITES = {
    ("sklearn.mixture.tests",): 176,
    ("sklearn.tests.test_common", "-k", "GaussianMixture"): 86,
}
SKIPPED = re.compile(
    "(cupy|torch|dpnp|jax) is not installed: not checking array_api input|"
    "(Bayesian)?GaussianMixture doesn't require writeable input[.]"
)
FALLEN_BACK = re.compile(
    "array_api_dispatch is on and an array is a Array|"
    # A test makes it fail, to see that it is not called.
    "sklearn.mixture._gaussian_mixture._estimate_gaussian_parameters has been replaced"
)


class Watch(logging.Handler):
    """A pytest plugin that watches what is tested, and with what outcome."""

    def __init__(self, least):
        super().__init__()
        self.least = least
        self.problems = set()
        self.passed = 0
        self.calls = Counter()
        self.kernel_calls = gmmfast.kernel_calls()

    def emit(self, record):
        _, _, outcome = record.getMessage().partition(": ")
        self.calls[outcome] += 1
        _, _, reason = outcome.partition("fallback to scikit-learn: ")
        if reason and not FALLEN_BACK.fullmatch(reason):
            self.problems.add(f"fell back: {reason}")

    def pytest_deselected(self, items):
        for item in items:
            if classes_of(item) or item.module.__name__.startswith("sklearn.mixture"):
                self.problems.add(f"left out: {item.nodeid}")

    def pytest_collection_finish(self, session):
        for item in session.items:
            imported = [each for each in vars(item.module).values() if isinstance(each, type)]
            classes = classes_of(item) | {*imported}.intersection((*OURS, *THEIRS))
            if not classes or not classes <= set(OURS):
                self.problems.add(f"{item.nodeid} tests {classes or 'no mixture'}")

    def pytest_runtest_logreport(self, report):
        if hasattr(report, "wasxfail"):
            self.problems.add(f"marked as failing: {report.nodeid}")
        elif report.skipped:
            _, _, reason = report.longrepr
            if not SKIPPED.fullmatch(reason.removeprefix("Skipped: ")):
                self.problems.add(f"skipped: {reason}")
        self.passed += report.passed and report.when == "call"

    def pytest_sessionfinish(self, session):
        if self.passed < self.least:
            self.problems.add(f"passed: expected at least {self.least} tests, got {self.passed}")
        calls = gmmfast.kernel_calls()
        idle = [name for name in KERNELS if calls[name] == self.kernel_calls[name]]
        self.problems.update(f"kernel {name} did not run" for name in idle)
        if self.problems:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        for outcome, count in self.calls.most_common():
            terminalreporter.write_line(f"{count} calls: {outcome}")
        for problem in sorted(self.problems):
            terminalreporter.write_line(f"PROBLEM {problem}", red=True)


def classes_of(item):
    """Return the mixture classes, ours or theirs, of a test's parameters."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return {type(each) for each in parameters if type(each) in (*OURS, *THEIRS)}


def main():
    # Not with the settings of this project's own tests, which turn warnings into errors.
    options = ["-q", "-c", os.devnull, "-p", "no:cacheprovider", "-W", "ignore", "--pyargs"]
    logger = logging.getLogger("gmmfast")
    logger.setLevel(logging.INFO)
    for suite, least in SUITES.items():
        watch = Watch(least)
        logger.addHandler(watch)
        status = pytest.main([*options, *suite], plugins=[watch])
        logger.removeHandler(watch)
        if status:
            sys.exit(status)


if __name__ == "__main__":
    main()
