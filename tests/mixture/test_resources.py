"""Threads and memory of the methods of a mixture: the core gets the number of threads that was
asked for, and what does not fit in memory is refused by the byte."""

import numpy as np
import pytest

from gmmfast import Mixture, _core
from support.checks import check_memory_limit, refusal
from support.models import build


class Spy:
    """An object of the core that notes the last argument of each call, the number of threads."""

    def __init__(self, core, threads):
        self._inner = core
        self._threads = threads

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if isinstance(found, _core.Mixture):
            return Spy(found, self._threads)
        if not callable(found):
            return found

        def noted(*arguments):
            self._threads.append(arguments[-1])
            return found(*arguments)

        return noted


@pytest.fixture
def threads(monkeypatch):
    """The numbers of threads with which the core was called, in order."""
    numbers = []
    for name in ("Conditional", "Sampling"):
        original = getattr(_core, name)

        def spied(core, *arguments, original=original):
            return Spy(original(getattr(core, "_inner", core), *arguments), numbers)

        monkeypatch.setattr(_core, name, spied)
    return numbers


def spied_mixture(threads):
    mixture = build(3, 2, "diag")
    mixture._core = Spy(mixture._core, threads)
    return mixture


POINTS = np.zeros((5, 2))


#: Calls with the joint mixture or with its mixtures at five points, and options.
OF_MIXTURES = {
    "score_samples": lambda mixture, **o: mixture.score_samples(POINTS, **o),
    "predict": lambda mixture, **o: mixture.predict(POINTS, **o),
    "predict_proba": lambda mixture, **o: mixture.predict_proba(POINTS, **o),
    "responsibilities": lambda mixture, **o: mixture.responsibilities(POINTS, **o),
    "sample": lambda mixture, **o: mixture.sample(5, **o),
    "kl_divergence": lambda mixture, **o: mixture.kl_divergence(mixture, n_samples=5, **o),
}
OF_CONDITIONALS = {
    "mean": lambda at, **o: at.mean(**o),
    "std": lambda at, **o: at.std(**o),
    "covariance": lambda at, **o: at.covariance(**o),
    "mean_and_std": lambda at, **o: at.mean_and_std(**o),
    "mean_and_covariance": lambda at, **o: at.mean_and_covariance(**o),
    "log_prob": lambda at, **o: at.log_prob(POINTS[:, :1], **o),
    "sample": lambda at, **o: at.sample(0, **o),
    "weights": lambda at, **o: at.weights(**o),
    "predict": lambda at, **o: at.predict(**o),
}


@pytest.mark.parametrize("name", OF_MIXTURES)
def test_the_core_gets_the_number_of_threads(name, threads):
    OF_MIXTURES[name](spied_mixture(threads), n_threads=3)
    assert threads
    assert set(threads) == {3}
    message = refusal(ValueError, OF_MIXTURES[name], build(3, 2), n_threads=0)
    assert message == "n_threads: expected 1 to 1024, got 0"


@pytest.mark.parametrize("name", OF_CONDITIONALS)
def test_the_core_gets_the_number_of_threads_at_points(name, threads):
    at = build(3, 2).condition([1], POINTS[:, :1])
    OF_CONDITIONALS[name](at, n_threads=3)
    assert threads == [3]
    message = refusal(ValueError, OF_CONDITIONALS[name], at, n_threads=0)
    assert message == "n_threads: expected 1 to 1024, got 0"


MANY = np.zeros((1000, 3))
FIVE = build(5, 3, "diag")
AT = build(5, 4).condition([1], MANY[:, :1])
WHOLE = Mixture(np.full(40, 1 / 40), np.arange(120.0).reshape(40, 3), np.eye(3))
FEWER = "pass fewer points at a time"

#: A call, the bytes of its result and its copies, and the argument, what it got and the remedy.
RESULTS = {
    "score_samples": (
        lambda: FIVE.score_samples(MANY),
        8 * 1000,
        ("X", (1000, 3), FEWER),
    ),
    "predict": (
        lambda: FIVE.predict(MANY),
        8 * 1000,
        ("X", (1000, 3), FEWER),
    ),
    "predict_proba": (
        lambda: FIVE.predict_proba(MANY),
        8 * 5 * 1000,
        ("X", (1000, 3), f"{FEWER}, or use predict"),
    ),
    "responsibilities": (
        lambda: FIVE.responsibilities(MANY),
        12 * 5 * 1000,
        ("X", (1000, 3), f"{FEWER}, or a larger threshold"),
    ),
    "sample": (
        lambda: FIVE.sample(1000, random_state=0),
        8 * 3 * 1000,
        ("n_samples", 1000, "draw fewer at a time, or pass a smaller dtype"),
    ),
    "sample with labels": (
        lambda: FIVE.sample(1000, random_state=0, dtype="f4", return_labels=True),
        (4 * 3 + 8) * 1000,
        ("n_samples", 1000, "draw fewer at a time, or pass a smaller dtype"),
    ),
    "samples of a region": (
        lambda: FIVE.confidence_region(0.5).sample(1000, random_state=0),
        4 * 8 * 3 * 1000,
        ("n_samples", 1000, "draw fewer points at a time"),
    ),
    "product of diagonals": (
        lambda: FIVE.product(FIVE),
        3 * 8 * 25 * (1 + 3 + 3),
        ("other", FIVE, "multiply mixtures of fewer components"),
    ),
    "product": (
        lambda: FIVE.product(WHOLE),
        3 * 8 * 200 * (1 + 3 + 9),
        ("other", WHOLE, "multiply mixtures of fewer components"),
    ),
    "kl_divergence_upper_bound": (
        lambda: FIVE.kl_divergence_upper_bound(WHOLE),
        6 * 8 * 200,
        ("other", WHOLE, "use kl_divergence, or fewer components"),
    ),
    "means": (AT.mean, 8 * 3 * 1000, ("values", (1000, 1), FEWER)),
    "covariances": (AT.covariance, 8 * 9 * 1000, ("values", (1000, 1), FEWER)),
    "log_prob": (lambda: AT.log_prob(MANY), 8 * 1000, ("values", (1000, 1), FEWER)),
    "weights": (
        AT.weights,
        8 * 5 * 1000,
        ("values", (1000, 1), "index fewer points at a time, or use predict"),
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_refused_where_a_byte_is_missing(name, monkeypatch):
    call, n_bytes, told = RESULTS[name]
    check_memory_limit(monkeypatch, call, n_bytes, told)
