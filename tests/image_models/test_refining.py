"""Promises of `refine`: paintings that get better, models that stay Gaussian mixtures."""

import io
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.mixture
from sklearn.datasets import load_sample_image

from gmmfast import GaussianMixture, Mixture, _core, fit_image, images, refine, render_grid
from gmmfast.image_models import painting, refinements
from support.checks import refusal

CHINA = load_sample_image("china.jpg")
PHOTO = np.ascontiguousarray(CHINA[::6, ::6])
TYPES = ["full", "tied", "diag", "spherical"]


@pytest.fixture(scope="module")
def model():
    return fit_image(PHOTO, 40, max_iter=20)


@pytest.fixture(scope="module")
def better(model):
    return refine(model, PHOTO)


def psnr(model, picture=PHOTO):
    return images.psnr(render_grid(model, picture.shape[:2], dtype=np.uint8), picture)


# What is gained.


def experts_of(model):
    """Return responsibilities, values of the experts, and regressors at every pixel."""
    points = images.color_points(PHOTO)[:, None, :2] - model.means_[:, :2]
    gates = model.covariances_[:, :2, :2]
    slopes = np.linalg.solve(gates, model.covariances_[:, :2, 2:])
    distances = np.einsum("nki,kij,nkj->nk", points, np.linalg.inv(gates), points)
    logs = np.log(model.weights_) - 0.5 * (np.linalg.slogdet(gates)[1] + distances)
    responsibilities = np.exp(logs - logs.max(1, keepdims=True))
    responsibilities /= responsibilities.sum(1, keepdims=True)
    values = model.means_[:, 2:] + np.einsum("nki,kic->nkc", points, slopes)
    weights = responsibilities[..., None]
    return responsibilities, values, np.concatenate([weights, weights * points], 2)


def test_a_refinement_beats_the_best_experts_of_the_gates_it_starts_from(model, better):
    # Least squares is the best that can be done without moving gates: all that is above it comes
    # from their motion.
    *_, regressors = experts_of(model)
    regressors, levels = regressors.reshape(len(regressors), -1), PHOTO.reshape(-1, 3)
    best = regressors @ np.linalg.lstsq(regressors, levels, rcond=None)[0]
    painting = np.clip(np.rint(best), 0, 255).astype(np.uint8).reshape(PHOTO.shape)
    assert psnr(better) > images.psnr(painting, PHOTO) > psnr(model)


def test_each_step_is_better_than_the_one_before_as_the_renderer_sees_it(model):
    steps = list(refinements(model, PHOTO, max_iter=60))
    scores = [step.score for step in steps]
    assert len(steps) > 2
    assert np.diff(scores).min() > 0
    assert scores == [psnr(step.mixture) for step in steps]
    assert scores[0] == psnr(model)
    spent = [step.progress for step in steps]
    assert spent == sorted(spent)
    assert (spent[0], spent[-1]) == (0, 1)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_no_covariance_type_loses(covariance_type):
    before = fit_image(PHOTO, 20, covariance_type=covariance_type, max_iter=5)
    after = refine(before, PHOTO, max_iter=80)
    assert after.covariance_type == covariance_type
    assert after.covariances_.shape == before.covariances_.shape
    assert psnr(after) > psnr(before)


@pytest.mark.parametrize("seed", range(3))
def test_a_model_of_something_else_gets_no_worse(seed):
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    before = fit_image(PHOTO[:20, :30], 8, max_iter=3)
    assert psnr(refine(before, noise, max_iter=30), noise) >= psnr(before, noise)


def test_a_refined_model_may_be_refined_again(better):
    assert psnr(refine(better, PHOTO, max_iter=20)) >= psnr(better)


# What comes of it.


def test_the_result_is_a_mixture_like_any_other(model, better):
    assert np.linalg.eigvalsh(better.covariances_).min() > 0
    factors = np.linalg.cholesky(better.covariances_[:, :2, :2])
    assert factors[:, [0, 1], [0, 1]].min() >= 0.5 - 1e-9
    assert better.weights_.sum() == pytest.approx(1, abs=1e-12)
    assert type(better) is GaussianMixture
    assert (better.extent_, better.kind_, better.image_shape_) == (
        model.extent_,
        "color",
        PHOTO.shape[:2],
    )
    points = images.color_points(PHOTO)
    np.testing.assert_allclose(
        better.score_samples(points[::50]),
        better.to_sklearn().score_samples(points[::50]),
        rtol=1e-6,
    )
    assert better.sample(5)[0].shape == (5, 5)
    large = render_grid(better, (3 * PHOTO.shape[0], 3 * PHOTO.shape[1]))
    np.testing.assert_allclose(large[1::3, 1::3], render_grid(better, PHOTO.shape[:2]), rtol=1e-7)


def test_colors_scatter_as_much_as_the_picture_does(better):
    std = render_grid(better, PHOTO.shape[:2], quantity="std")
    painting = render_grid(better, PHOTO.shape[:2])
    responsibilities, values, _ = experts_of(better)
    spread = responsibilities[..., None] * np.square(values - painting.reshape(-1, 1, 3))
    # By the law of total variance: the error's, reg_covar, and the spread of the experts about
    # their mean. The error of each component leaves out responsibilities below 0.1 %.
    want = np.square(painting - PHOTO).mean() + 1 / 12 + spread.sum(1).mean()
    assert np.square(std).mean() == pytest.approx(want, rel=0.01)


def test_the_kind_of_model_stays(model):
    mixture = Mixture.from_model(model)
    assert isinstance(refine(mixture, PHOTO, max_iter=5), Mixture)
    assert refine(mixture, PHOTO, max_iter=5).extent == model.extent_
    triple = model.weights_, model.means_, model.covariances_
    assert isinstance(refine(triple, PHOTO, max_iter=5), Mixture)
    plain = refine(model.to_sklearn(), PHOTO, max_iter=5)
    assert isinstance(plain, sklearn.mixture.GaussianMixture)
    bayesian = fit_image(PHOTO, 10, prior="dirichlet_process", max_iter=5)
    assert type(refine(bayesian, PHOTO, max_iter=5)) is GaussianMixture


def test_names_of_features_stay(model):
    names = ("x", "y", "red", "green", "blue")
    mixture = Mixture.from_model(model)
    for form in (mixture, mixture.transform(np.diag([0.01, 0.01, 1, 1, 1]))):
        assert refine(form.with_feature_names(names), PHOTO, max_iter=5).feature_names == names
    estimator = mixture.with_feature_names(names).to_sklearn()
    assert (*refine(estimator, PHOTO, max_iter=5).feature_names_in_,) == names


def test_coordinates_are_those_of_the_models_extent(model):
    matrix, shift = np.diag([0.01, -0.02, 1, 1, 1]), [3.0, 8.0, 0, 0, 0]
    moved = Mixture.from_model(model).transform(matrix, shift)
    low, high = moved.extent[1]
    moved = moved.with_extent([moved.extent[0], (high, low)])  # y runs the other way now
    got = refine(moved, PHOTO, max_iter=30)
    want = refine(Mixture.from_model(model), PHOTO, max_iter=30)
    # Rounding differs, and with it the last bits of each pass.
    assert psnr(got) == pytest.approx(psnr(want), abs=0.2)
    assert got.extent == moved.extent


def test_the_same_bits_for_any_number_of_threads(model):
    one, two = (refine(model, PHOTO, max_iter=100, n_threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.means_, two.means_)


TIMED = """
import numpy as np
from sklearn.datasets import load_sample_image
from gmmfast import fit_image, images, refine, render_grid

photo = np.ascontiguousarray(load_sample_image("china.jpg")[::6, ::6])
model = fit_image(photo, 40, max_iter=20)
for model in model, refine(model, photo, time=0.3):
    print(images.psnr(render_grid(model, photo.shape[:2], dtype=np.uint8), photo))
"""


def test_a_time_ends_a_refinement(run_python):
    result = run_python(TIMED)  # which ends a call without a limit
    assert result.returncode == 0, result.stderr
    before, after = map(float, result.stdout.split())
    assert after > before


def test_ctrl_c_returns_the_best_model_so_far(model, monkeypatch):
    class Interrupted:
        """A refinement in which Ctrl-C is pressed after 250 passes."""

        def __init__(self, *arguments):
            self._core = _core.Refinement(*arguments)

        def __getattr__(self, name):
            return getattr(self._core, name)

        def advance(self, n_threads):
            if self._core.n_passes > 250:
                raise KeyboardInterrupt
            return self._core.advance(n_threads)

    monkeypatch.setattr(painting, "_core", SimpleNamespace(Refinement=Interrupted))
    after = refine(model, PHOTO)
    assert psnr(after) > psnr(model) + 1


def test_progress_is_told_after_each_step(model):
    told = []
    refine(model, PHOTO, max_iter=100, progress=lambda *now: told.append(now))
    assert [n_iter for n_iter, _ in told] == list(range(1, len(told) + 1))
    scores = [score for _, score in told]
    assert scores == sorted(scores)
    assert 2 < len(told) <= 20


@pytest.mark.parametrize(("kind", "word"), [("color", "PSNR"), ("ink", "log-likelihood")])
def test_the_line_of_progress_says_what_the_score_is_and_ends(monkeypatch, kind, word):
    fitted = fit_image(PHOTO, 3, kind=kind, max_iter=1)
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    refine(fitted, PHOTO, max_iter=50, progress=True)
    text = terminal.getvalue()
    line = rf"\riteration 1/\d+  {word} -?\d+\.\d+  at most \d+ s left, \d+\.\d s"
    assert re.match(line, text), text
    assert "lower bound" not in text
    assert text.endswith(" s\n")


# Ink.


@pytest.mark.parametrize("covariance_type", TYPES)
def test_ink_goes_on_with_expectation_maximization(covariance_type):
    points, darkness = images.weighted_ink_points(PHOTO)
    before = fit_image(PHOTO, 10, kind="ink", covariance_type=covariance_type, max_iter=2)
    after = refine(before, PHOTO, max_iter=5)

    def likelihood(model):
        return np.average(model.to_sklearn().score_samples(points), weights=darkness)

    assert likelihood(after) > likelihood(before)
    assert after.lower_bound_ == pytest.approx(likelihood(after), rel=1e-9)
    assert (after.kind_, after.extent_) == ("ink", before.extent_)
    scores = [step.score for step in refinements(before, PHOTO, max_iter=5)]
    assert np.diff(scores).min() > 0


def test_the_parameters_of_a_subclass_stay_where_it_does_not_name_them():
    class Diagonal(GaussianMixture):
        def __init__(self, n_components=1, **kwargs):
            super().__init__(n_components, covariance_type="diag", **kwargs)

    points, darkness = images.weighted_ink_points(PHOTO)
    model = Diagonal(4, tol=0.5, random_state=0).fit(points, sample_weight=darkness)
    after = refine(model, PHOTO, max_iter=2)
    assert (after.covariance_type, after.tol, after.random_state) == ("diag", 0.5, 0)
    assert after.covariances_.shape == (4, 2)


# Refusals.


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
@pytest.mark.parametrize("channels", [[0, 3], [0, 1, 2, 3]], ids=["gray", "color"])
def test_levels_with_alpha_are_refined(tmp_path, channels, covariance_type):
    y, x = np.indices((40, 50))
    alpha = np.where(np.hypot(x - 25, y - 20) < 15, 255, 30)
    rgba = np.stack([5 * x, 6 * y, 120 + 100 * np.sin(x / 4), alpha], 2).astype(np.uint8)
    picture = np.ascontiguousarray(rgba[..., channels])
    points = np.column_stack([x.ravel(), y.ravel(), picture.reshape(-1, len(channels))])
    model = GaussianMixture(12, covariance_type=covariance_type, random_state=0, reg_covar=1 / 12)
    model.fit(points.astype(float))

    def error(model):
        painting = render_grid(model, (40, 50), extent=((-0.5, 49.5), (-0.5, 39.5)))
        return np.square(painting.clip(0, 255) - picture).mean()

    better = refine(model, picture, max_iter=100)
    assert error(better) < 0.7 * error(model)
    assert better.covariance_type == covariance_type
    assert np.isfinite(better.score_samples(points)).all()
    assert better.sample(5)[0].shape == (5, 2 + len(channels))
    assert np.isfinite(better.to_sklearn().score_samples(points)).all()
    mixture = Mixture.from_model(better)
    assert mixture.condition([0, 1], [20.0, 10.0]).n_features == len(channels)
    mixture.save(tmp_path / "alpha.npz")
    np.testing.assert_array_equal(Mixture.load(tmp_path / "alpha.npz").means, better.means_)


REFUSED = {
    "no alpha": (
        {"model": ([1.0], [[0.0] * 6], [2.0])},
        r"image: expected an array \(height, width, 4\) of uint8",
    ),
    "features": ({"model": ([1.0], [[0.0] * 8], [2.0])}, r"model: expected features .*got 8 feat"),
    "clip": (
        {"model": Mixture([1.0], [[0.0] * 6], np.eye(6)[None]).with_extent([(0, 1)] * 3)},
        r"image: expected the frames of a clip, .*, got a picture of shape \(72, 107, 3\)",
    ),
    "time": ({"time": 0.0}, r"time: expected a positive finite number, got 0"),
    "rounds": ({"max_iter": 0}, r"max_iter: expected at least 1, got 0"),
    "variance": ({"reg_covar": -1.0}, r"reg_covar: expected a positive finite number, got -1"),
    "threads": ({"n_threads": 0}, r"n_threads: expected 1 to 1024, got 0"),
    "threshold": ({"threshold": 90}, r"threshold: expected None .*, got 90; fit ink"),
    "picture": ({"image": np.zeros((4, 0, 3), np.uint8)}, r"image: expected .*; "),
}


@pytest.mark.parametrize(("options", "pattern"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_refined_is_refused(model, options, pattern):
    arguments = {"model": model, "image": PHOTO, **options}
    message = refusal(ValueError, lambda: refine(**arguments))
    assert re.match(pattern, message, flags=re.DOTALL), message
