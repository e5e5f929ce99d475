"""Whole messages of the errors of gmmfast's own arguments and data of the estimators.

Each names the argument, says what was expected and what came, and what helps if anything does.
scikit-learn's messages are compared with its own where these estimators are.
"""

import numpy as np
import pytest
from sklearn.base import clone

from gmmfast import (
    BayesianGaussianMixture,
    Checkpoint,
    GaussianMixture,
    GaussianMixtureRegressor,
)
from support.checks import check_memory_limit, refusal

X = np.array([[0.0, 1.0], [2.0, 0.0], [5.0, 5.0], [6.0, 5.0]])
TWO = GaussianMixture(2, random_state=0)
FITTED = clone(TWO).fit(X)
BEGUN = clone(TWO).partial_fit(X)
REGRESSOR = GaussianMixtureRegressor(2, random_state=0).fit(X[:, :1], X[:, 1])
OF_TWO_OUTPUTS = clone(REGRESSOR).fit(X[:, :1], X)


class Own(GaussianMixture):
    def _m_step(self, X, log_resp):
        super()._m_step(X, log_resp)


WRONG_VALUES = [
    (lambda: TWO.fit(list), "X: expected at least one row in all chunks, got none"),
    (lambda: TWO.fit(list, mapper=map), "X: expected at least one row in all chunks, got none"),
    (lambda: TWO.fit([X[:1]]), "X: expected at least 2 samples in all chunks, got 1"),
    (
        lambda: TWO.fit([lambda: X[:1]], mapper=map),
        "X: expected at least 2 samples in all chunks, got 1",
    ),
    *[
        (
            lambda data=data, mapper=mapper: TWO.fit(
                data, sample_weight=np.ones(4), mapper=mapper
            ),
            (
                "sample_weight: expected None when X comes in chunks, got an array; pass chunks "
                "(points, sample_weight)"
            ),
        )
        for data, mapper in [
            ([X], None),
            ([X], map),
            ([lambda: X], map),
            (lambda: iter([X]), None),
        ]
    ],
    (
        lambda: TWO.fit([(X, -np.ones(4))]),
        "sample_weight: expected values of at least 0, got -1.0; leave such rows out",
    ),
    (
        lambda: TWO.fit(X, sample_weight=[1.0, -2.0, 1.0, -1.0]),
        "sample_weight: expected values of at least 0, got -2.0; leave such rows out",
    ),
    (
        lambda: TWO.fit([lambda: (X, np.ones(3))], mapper=map),
        "sample_weight: expected shape (4,) for a chunk, got (3,)",
    ),
    (
        lambda: TWO.fit([lambda: (X, [1.0, -2.0, 1.0, -1.0])], mapper=map),
        "sample_weight: expected finite values of at least 0, got -2.0; leave such rows out",
    ),
    (
        lambda: TWO.fit([lambda: (X, [1.0, 0.0, np.inf, 1.0])], mapper=map),
        "sample_weight: expected finite values of at least 0, got inf; leave such rows out",
    ),
    (
        lambda: clone(BEGUN).partial_fit(X).set_params(n_components=3).partial_fit(X),
        (
            "n_components: expected 2, as in the first partial_fit, got 3; clone the estimator to "
            "begin anew"
        ),
    ),
    (
        lambda: clone(BEGUN).partial_fit(X).set_params(covariance_type="diag").partial_fit(X),
        (
            "covariance_type: expected 'full', as in the first partial_fit, got 'diag'; clone the "
            "estimator to begin anew"
        ),
    ),
    (
        lambda: Own(2, covariance_type="tied-diag").fit(X),
        (
            "covariance_type: expected one of ('full', 'tied', 'diag', 'spherical'), which "
            "scikit-learn's code can fit, got 'tied-diag'; its code must fit because Own has a "
            "_m_step of its own"
        ),
    ),
    (
        lambda: BayesianGaussianMixture(n_components=2).fit(X, sample_weight=np.full(4, 0.2)),
        (
            "sample_weight: expected a sum above 1 to tell a covariance from, got 0.8; weights "
            "count rows: scale them up, or pass covariance_prior and mean_prior"
        ),
    ),
    (
        lambda: REGRESSOR.predict(X[:, :1], return_std=True, return_cov=True),
        (
            "return_std: expected at most one of return_std and return_cov, got both; variances "
            "are the diagonals of the covariances"
        ),
    ),
    (lambda: REGRESSOR.sample_y(X[:, :1], 0), "n_samples: expected at least 1, got 0"),
]

WRONG_TYPES = [
    (
        lambda: TWO.fit([lambda: X], mapper=5),
        "mapper: expected a callable like map, got 5; pass pool.map",
    ),
    *[
        (
            lambda fit=fit: fit([lambda: X]),
            (
                "X: expected rows, got functions that return them; call them, or pass mapper=map "
                "to fit"
            ),
        )
        for fit in (TWO.fit, TWO.fit_predict, clone(TWO).partial_fit)
    ],
    *[
        (lambda bad=bad: FITTED.sample(bad), f"n_samples: expected an integer, got {described}")
        for bad, described in [
            (2.5, "2.5"),
            (True, "True"),
            ("a", "'a'"),
            (None, "None"),
            ([1], "[1]"),
        ]
    ],
    (lambda: REGRESSOR.sample_y(X[:, :1], 2.5), "n_samples: expected an integer, got 2.5"),
]

OF_SCIKIT_LEARN = "scikit-learn's fit has none, and Own has a _m_step of its own"
#: What scikit-learn's code cannot do, which runs because a class changes a step.
LACKED = [
    (
        lambda: Own(2).partial_fit(X),
        "partial_fit: scikit-learn has none, and Own has a _m_step of its own",
    ),
    (lambda: Own(2).fit(X, sample_weight=np.ones(4)), f"sample_weight: {OF_SCIKIT_LEARN}"),
    (lambda: Own(2).fit([X]), f"chunks: {OF_SCIKIT_LEARN}"),
    (lambda: Own(2).fit([lambda: X], mapper=map), f"mapper: {OF_SCIKIT_LEARN}"),
    (lambda: Own(2).fit(X, progress=True), f"progress: {OF_SCIKIT_LEARN}"),
    (lambda: Own(2).fit(X, acceleration="momentum"), f"acceleration: {OF_SCIKIT_LEARN}"),
    (lambda: Own(2).fit(X, checkpoint=Checkpoint("fit.npz")), f"checkpoint: {OF_SCIKIT_LEARN}"),
]


EVERY = {ValueError: WRONG_VALUES, TypeError: WRONG_TYPES, NotImplementedError: LACKED}


@pytest.mark.parametrize(
    ("error", "call", "message"), [(error, *case) for error in EVERY for case in EVERY[error]]
)
def test_the_whole_message_is_told(error, call, message):
    assert refusal(error, call) == message


N_THREADS = {
    "fit": lambda: TWO.fit(X, n_threads=0),
    "fit_predict": lambda: TWO.fit_predict(X, n_threads=0),
    "partial_fit": lambda: clone(TWO).partial_fit(X, n_threads=0),
    "predict of the regressor": lambda: REGRESSOR.predict(X[:, :1], n_threads=0),
    "sample_y": lambda: REGRESSOR.sample_y(X[:, :1], n_threads=0),
}


@pytest.mark.parametrize("name", N_THREADS)
def test_no_threads_are_too_few(name):
    assert refusal(ValueError, N_THREADS[name]) == "n_threads: expected 1 to 1024, got 0"


MANY = np.zeros((1000, 2))
#: A call, the bytes of its result, and the argument, what it got and the remedy.
RESULTS = {
    "predict_proba": (
        lambda: FITTED.predict_proba(MANY),
        8 * 2 * 1000,
        ("X", (1000, 2), "pass fewer points at a time, or use predict"),
    ),
    "sample_y": (
        lambda: REGRESSOR.sample_y(MANY[:, :1], 7, random_state=0),
        8 * 7 * 1000,
        ("n_samples", 7, "draw fewer samples"),
    ),
    "sample_y of two outputs": (
        lambda: OF_TWO_OUTPUTS.sample_y(MANY[:, :1], 7, random_state=0),
        8 * 7 * 2 * 1000,
        ("n_samples", 7, "draw fewer samples"),
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_refused_where_a_byte_is_missing(name, monkeypatch):
    call, n_bytes, told = RESULTS[name]
    check_memory_limit(monkeypatch, call, n_bytes, told, n_bytes - 1)  # others are on the way
