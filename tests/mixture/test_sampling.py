"""Tests of mixture/sampling.py and _random.py: the bits of samples, their laws, bounds and errors.

Statistical tests have fixed seeds: they always pass or always fail. Each would fail for at most
one seed in 10**4 if the samples are right.
"""

import hashlib
import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import gmmfast
from gmmfast import Mixture, _core
from oracle.samples import sample
from oracle.streams import NORMALS, Stream
from support.checks import check_message, refusal
from support.models import EVERY_TYPE, full_parameters, random_parameters

RARE = 1e-4
STANDARD = Mixture([1.0], [[0.0]], [1.0])

#: SHA-256 of the bytes (little-endian) of 10,000 samples for seed 42 of the mixture in
#: `golden`, from this very code when its stream was named "gmmfast-1".
GOLDEN = {
    "full": "23a0de357cbea052b88495792dd6fb2139ea6d4cf30e69494ed20a830aec1c0d",
    "tied": "72fdd9daa7f29fde0476853441a5de7d711cbcea0d1460098de6ce744e558731",
    "diag": "c83e8458030b9a6512912fb5632bdd34c6e3e482d289e56bb26c61552ec5981b",
    "spherical": "fea49804a25d6a0d60e3bb89f9665316bae71193b61bd996b03682c52c743002",
}


def golden(covariance_type):
    """Four components in two dimensions, of numbers that all machines read alike."""
    covariances = {
        "full": [[[4.0, 1.0], [1.0, 2.0]], [[1.0, -0.5], [-0.5, 1.0]], np.eye(2), np.eye(2) / 4],
        "tied": [[4.0, 1.0], [1.0, 2.0]],
        "diag": [[4.0, 1.0], [1.0, 2.0], [0.25, 9.0], [1.0, 1.0]],
        "spherical": [4.0, 1.0, 0.25, 2.25],
    }[covariance_type]
    means = [[0.0, 0.0], [10.0, -3.0], [-5.5, 4.0], [100.0, 50.0]]
    return Mixture([0.5, 0.25, 0.0, 0.25], means, covariances, covariance_type=covariance_type)


def digest(array):
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()


def mixture_of(covariance_type, n_features=3, n_components=7):
    parameters = random_parameters(n_components, n_features, covariance_type)
    return Mixture(*parameters, covariance_type=covariance_type)


# The bits.


@pytest.mark.parametrize("covariance_type", GOLDEN)
def test_the_stream_version_names_these_bits(covariance_type):
    assert _core.Sampling(STANDARD._core, 0).version == "gmmfast-1"
    points = golden(covariance_type).sample(10_000, random_state=42)
    assert digest(points) == GOLDEN[covariance_type]


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("n_features", [1, 2, 3, 5, 9])
def test_the_formulas_give_the_same_bits(covariance_type, n_features):
    mixture = mixture_of(covariance_type, n_features)
    box = [(-4.0, np.inf)] + [(-np.inf, np.inf)] * (n_features - 1)
    for n, bounds, grouped in itertools.product((1, 1025, 3000), (None, box), (False, True)):
        order = "grouped" if grouped else "shuffled"
        points, labels = mixture.sample(
            n, random_state=3, order=order, bounds=bounds, return_labels=True
        )
        wanted, of_wanted = sample(mixture, n, 3, bounds=bounds, grouped=grouped)
        assert points.tobytes() == wanted.tobytes()
        np.testing.assert_array_equal(labels, of_wanted)


LEVELS = """
import sys
sys.path[:0] = PATHS
from test_sampling import EVERY_TYPE, digest, mixture_of
for covariance_type in EVERY_TYPE:
    for d in (1, 2, 3, 5, 9):
        points = mixture_of(covariance_type, d).sample(3000, random_state=8)
        print(covariance_type, d, digest(points))
"""


@pytest.mark.parametrize("disabled", ["avx512", "avx2"])
def test_every_instruction_set_has_the_same_bits(disabled, run_python):
    code = LEVELS.replace("PATHS", repr([str(path) for path in Path(__file__).parents[:2]]))
    result = run_python(code, GMMFAST_DISABLE_CPU_FEATURES=disabled)
    assert result.returncode == 0, result.stderr
    wanted = [
        f"{kind} {d} {digest(mixture_of(kind, d).sample(3000, random_state=8))}"
        for kind in EVERY_TYPE
        for d in (1, 2, 3, 5, 9)
    ]
    assert result.stdout.splitlines() == wanted


@pytest.mark.parametrize("order", ["shuffled", "grouped"])
@pytest.mark.parametrize("bounds", [None, [(0, None), None, (-5, 5)]])
def test_threads_change_nothing(order, bounds):
    mixture = mixture_of("full")
    one, *others = (
        mixture.sample(
            60_000,
            random_state=1,
            order=order,
            bounds=bounds,
            return_labels=True,
            n_threads=n_threads,
        )
        for n_threads in (1, 2, 3)
    )
    for other in others:
        assert one[0].tobytes() == other[0].tobytes()
        np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize("bounds", [None, [(0, None), None, (-5, 5)]])
def test_the_first_samples_of_many_are_the_samples_of_few(bounds):
    mixture = mixture_of("tied")
    many = mixture.sample(50_000, random_state=2, bounds=bounds)
    for n in (1, 63, 64, 1000, 1024, 1025, 16_384, 16_385, 40_000):
        few = mixture.sample(n, random_state=2, bounds=bounds)
        assert few.tobytes() == many[:n].tobytes()


def test_grouped_samples_are_the_shuffled_ones_sorted_stably():
    for bounds in (None, [(0, None), None, None]):
        options = {"random_state": 4, "return_labels": True, "bounds": bounds}
        points, labels = mixture_of("diag").sample(40_000, **options)
        order = np.argsort(labels, kind="stable")
        grouped, of_grouped = mixture_of("diag").sample(40_000, order="grouped", **options)
        assert grouped.tobytes() == points[order].tobytes()
        np.testing.assert_array_equal(of_grouped, labels[order])


def test_float32_is_the_float64_rounded():
    for order in ("shuffled", "grouped"):
        double = mixture_of("full").sample(20_000, random_state=5, order=order)
        single = mixture_of("full").sample(20_000, random_state=5, order=order, dtype="f4")
        assert single.dtype == np.float32
        np.testing.assert_array_equal(single, double.astype(np.float32))


def test_a_seed_is_an_integer_or_drawn_from_a_generator_or_fresh():
    sample = mixture_of("full").sample
    assert sample(5, random_state=7).tobytes() == sample(5, random_state=np.int64(7)).tobytes()
    assert sample(5, random_state=2**64 - 1).tobytes() != sample(5, random_state=0).tobytes()
    assert sample(5).tobytes() != sample(5).tobytes()
    for make in (np.random.default_rng, np.random.RandomState):
        first, second = make(1), make(1)
        draws = [sample(5, random_state=first).tobytes() for _ in range(2)]
        assert draws == [sample(5, random_state=second).tobytes() for _ in range(2)]
        assert draws[0] != draws[1]


# The laws.


def test_normals_pass_kolmogorov_and_smirnov_to_their_tails():
    normals = STANDARD.sample(2_000_000, random_state=11).ravel()
    assert normals.tobytes() == Stream(11, NORMALS).normals(0, len(normals)).tobytes()
    assert stats.kstest(normals[:500_000], stats.norm.cdf).pvalue > RARE
    for limit in (2, 3, 4, 4.5):
        expected = len(normals) * stats.norm.sf(limit)
        for tail in (normals > limit, normals < -limit):
            outside = stats.poisson(expected)
            assert outside.cdf(tail.sum()) > RARE
            assert outside.sf(tail.sum() - 1) > RARE
    assert np.abs(normals).max() < np.sqrt(106 * np.log(2))


def test_normals_are_independent_of_those_near_and_in_other_blocks():
    n = 2**20
    normals = STANDARD.sample(n, random_state=12).ravel()
    # Of a pair, of neighbors, of blocks of 16, 64 and 1024, and of pieces: each is a normal.
    for lag in (1, 2, 7, 8, 9, 15, 16, 17, 64, 1024, 16_384):
        for power in (1, 2):
            values = normals**power - (power == 2)
            z = (values[:-lag] * values[lag:]).sum() / np.sqrt(n - lag) / power
            assert stats.norm.sf(abs(z)) > RARE / 2
    radius = (normals.reshape(-1, 2, 8) ** 2).sum(axis=1).ravel()
    assert stats.kstest(radius[:200_000], stats.chi2(2).cdf).pvalue > RARE


def test_other_seeds_have_other_normals():
    draws = np.stack([STANDARD.sample(20_000, random_state=seed).ravel() for seed in range(40)])
    correlations = np.corrcoef(draws)[np.triu_indices(40, 1)] * np.sqrt(20_000)
    assert stats.kstest(correlations, stats.norm.cdf).pvalue > RARE
    assert stats.norm.sf(np.abs(correlations).max()) * 2 * len(correlations) > RARE


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_samples_have_the_mixtures_counts_marginals_and_covariances(covariance_type):
    mixture = mixture_of(covariance_type)
    n = 200_000
    points, labels = mixture.sample(n, random_state=13, return_labels=True)
    counts = np.bincount(labels, minlength=mixture.n_components)
    assert stats.chisquare(counts, n * mixture.weights).pvalue > RARE
    weights, means, covariances = full_parameters(mixture)
    for i in range(mixture.n_features):
        stds = np.sqrt(covariances[:, i, i])

        def cdf(x, i=i, stds=stds):
            return stats.norm.cdf((x[:, None] - means[:, i]) / stds) @ weights

        assert stats.kstest(points[:100_000, i], cdf).pvalue > RARE
    for k in range(mixture.n_components):
        # Whitened, every entry of the second moments is 0 or 1 to some standard errors.
        own = points[labels == k] - means[k]
        white = own @ np.linalg.inv(np.linalg.cholesky(covariances[k])).T
        errors = (white.T @ white / len(own) - np.eye(3)) * np.sqrt(len(own))
        errors /= np.sqrt(1 + np.eye(3))
        assert stats.norm.sf(np.abs(errors)).min() > RARE / 40
        assert stats.norm.sf(np.abs(white.mean(axis=0)) * np.sqrt(len(own))).min() > RARE / 20


def test_counts_are_multinomial_in_any_order():
    # Of 400 seeds: the variance of a component's count is binomial.
    mixture = Mixture([0.7, 0.3], [[0.0], [1.0]], [1.0, 1.0])
    for order in ("shuffled", "grouped"):
        counts = [
            mixture.sample(200, random_state=seed, order=order, return_labels=True)[1].sum()
            for seed in range(400)
        ]
        deviations = (np.array(counts) - 60) / np.sqrt(200 * 0.7 * 0.3)
        assert stats.kstest(deviations, stats.norm.cdf).pvalue > RARE
        ratio = stats.chi2(400)
        assert RARE < ratio.cdf((deviations**2).sum()) < 1 - RARE


def test_components_of_weight_zero_are_never_drawn():
    weights = np.zeros(50)
    weights[[3, 20, 49]] = 0.5, 1e-300, 0.5
    mixture = Mixture(weights, np.arange(50.0)[:, None], np.full(50, 1e-4))
    for order in ("shuffled", "grouped"):
        points, labels = mixture.sample(100_000, random_state=0, order=order, return_labels=True)
        assert set(labels) == {3, 49}
        np.testing.assert_allclose(points[:, 0], labels, atol=0.1)


def test_many_features_and_one_component_more_than_the_caches_hold():
    mixture = mixture_of("full", 70, 3)
    points = mixture.sample(30_000, random_state=1)
    means = mixture.weights @ mixture.means
    errors = (points.mean(axis=0) - means) / points.std(axis=0) * np.sqrt(len(points))
    assert stats.norm.sf(np.abs(errors)).min() > RARE / 140


# Bounds.


def test_bounds_that_nothing_exceeds_change_nothing():
    mixture = mixture_of("full")
    free = mixture.sample(5000, random_state=6)
    bounds = [(-1e3, 1e3), None, (None, 1e3)]
    assert mixture.sample(5000, random_state=6, bounds=bounds).tobytes() == free.tobytes()
    assert mixture.sample(5000, random_state=6, bounds=[None] * 3).tobytes() == free.tobytes()


def test_samples_within_bounds_are_the_truncated_mixtures():
    mixture = Mixture([0.5, 0.3, 0.2], [[0.0], [3.0], [9.0]], [1.0, 4.0, 0.25])
    low, high = 0.5, 8.5
    n = 100_000
    points, labels = mixture.sample(n, random_state=15, bounds=[(low, high)], return_labels=True)
    assert ((points >= low) & (points <= high)).all()
    components = stats.norm(mixture.means[:, 0], np.sqrt(mixture.covariances))
    shares = mixture.weights * (components.cdf(high) - components.cdf(low))
    counts = np.bincount(labels, minlength=3)
    assert stats.chisquare(counts, n * shares / shares.sum()).pvalue > RARE

    def cdf(x):
        inside = components.cdf(x[:, None]) - components.cdf(low)
        return inside @ mixture.weights / shares.sum()

    assert stats.kstest(points[:, 0], cdf).pvalue > RARE


def test_narrow_bounds_are_met_and_too_narrow_ones_refused():
    points = STANDARD.sample(3000, random_state=1, bounds=[(3, None)])
    assert points.min() >= 3
    assert stats.kstest(points[:, 0], stats.truncnorm(3, np.inf).cdf).pvalue > RARE
    message = refusal(ValueError, STANDARD.sample, 10, random_state=1, bounds=[(7, None)])
    check_message(message, "bounds: expected a box with at least one in 10,000")


# Errors and interrupts.


@pytest.mark.parametrize(
    ("error", "options", "pattern"),
    [
        (ValueError, {"n_samples": 0}, "n_samples: expected at least 1"),
        (TypeError, {"n_samples": 1.5}, "n_samples: expected an integer"),
        (ValueError, {"random_state": -1}, "random_state: expected an integer from 0"),
        (ValueError, {"random_state": 2**64}, "random_state: expected an integer from 0"),
        (TypeError, {"random_state": "seed"}, "random_state: expected None, an integer"),
        (TypeError, {"random_state": True}, "random_state: expected None, an integer"),
        (ValueError, {"order": "sorted"}, "order: expected 'shuffled' or 'grouped'"),
        (TypeError, {"dtype": "u1"}, "dtype: expected float64 or float32"),
        (TypeError, {"dtype": None}, "dtype: expected float64 or float32"),
        (ValueError, {"bounds": [(0, 1)]}, r"bounds: expected 3 pairs \(low, high\)"),
        (ValueError, {"bounds": [(0, 1, 2)] * 3}, r"bounds: expected 3 pairs \(low, high\)"),
        (TypeError, {"bounds": 3}, r"bounds: expected 3 pairs \(low, high\)"),
        (ValueError, {"bounds": [(1, 0), None, None]}, "bounds: expected low below high"),
        (ValueError, {"bounds": [(1, np.nan), None, None]}, "bounds: expected low below high"),
        (TypeError, {"bounds": [("a", 1), None, None]}, "bounds: expected real numbers or None"),
        (ValueError, {"n_threads": 0}, "n_threads: expected 1 to 1024"),
        (MemoryError, {"n_samples": 2**50}, "n_samples: expected a result that fits"),
        (ValueError, {"n_samples": 2**62}, "n_samples: expected a result whose bytes"),
    ],
)
def test_what_cannot_be_is_refused_with_the_arguments_name(error, options, pattern):
    check_message(refusal(error, mixture_of("full").sample, **options), pattern)


INTERRUPTED = """
import os, signal, threading, time
import gmmfast

mixture = gmmfast.Mixture([1.0], [[0.0]], [1.0])

def interrupt():
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
try:
    CALL
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(os.name == "nt", reason="of POSIX systems")
@pytest.mark.parametrize(
    "call",
    [
        "mixture.sample(30_000_000, bounds=[(3.4, None)], n_threads=1)",
        "gmmfast.render_samples(mixture, 10, 10**12, n_threads=2)",
    ],
)
def test_ctrl_c_stops_a_long_draw(call, run_python):
    result = run_python(INTERRUPTED.replace("CALL", call))
    assert result.returncode == 0, result.stderr
    assert result.stdout == "interrupted\n"


def test_calls_are_counted():
    before = gmmfast.kernel_calls()
    mixture_of("full").sample(3)
    gmmfast.render_samples(mixture_of("full"), (2, 2), 3)
    after = gmmfast.kernel_calls()
    assert {name for name in after if after[name] > before[name]} == {"sample", "render_samples"}
    assert after["sample"] == before["sample"] + 1


def test_one_point_is_drawn_by_default():
    mixture = Mixture([1.0], [[0.0, 1.0]], [2.0])
    assert mixture.sample(random_state=0).shape == (1, 2)


@pytest.mark.parametrize("pair", ["01", b"01", ("0", 1), (0, b"1"), (0, True), (np.False_, 1)])
def test_bounds_are_pairs_of_numbers(pair):
    with pytest.raises((TypeError, ValueError), match="bounds: expected"):
        Mixture([1.0], [[0.0]], [1.0]).sample(bounds=[pair])
