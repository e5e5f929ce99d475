"""A small call of every public function, each of some milliseconds at most."""

import contextlib
import copy
import io

import numpy as np

import gmmfast
from gmmfast import GaussianMixture, Mixture, Statistics, animation, images, storage

MIXTURE = Mixture(
    [0.4, 0.6], [[1.0, 2.0, 9.0], [3.0, 4.0, 2.0]], [1.0, 2.0], extent=[(0, 5), (0, 4)]
)
POINTS = np.random.default_rng(0).normal(size=(12, 3))
PICTURE = np.random.default_rng(1).integers(0, 255, size=(6, 8, 3), dtype=np.uint8)
CLIP = PICTURE[None].repeat(2, axis=0)
COLOR = gmmfast.fit_image(PICTURE, 2, kind="color", max_iter=2)
FITTED = GaussianMixture(2, random_state=0, max_iter=2).fit(POINTS)
FILM = gmmfast.fit_video(CLIP, 2, max_iter=2)
REGRESSOR = gmmfast.GaussianMixtureRegressor(2, max_iter=2, random_state=0).fit(
    POINTS[:, :2], POINTS[:, 2]
)


def calls(folder):
    """Return the calls by name; files are in the folder."""
    path, picture = folder / "model.npz", folder / "picture.png"
    MIXTURE.save(path)
    images.write_image(picture, PICTURE)
    options = {"max_iter": 2, "random_state": 0}
    return {
        "fit": lambda: GaussianMixture(2, init_params="random", **options).fit(POINTS),
        "fit of a prior": lambda: gmmfast.BayesianGaussianMixture(n_components=2, **options).fit(
            POINTS
        ),
        "partial_fit": lambda: GaussianMixture(2, **options).partial_fit(POINTS),
        "regressor": lambda: REGRESSOR.fit(POINTS[:, :2], POINTS[:, 2]).predict(POINTS[:, :2]),
        "predict": lambda: FITTED.predict(POINTS),
        "sample of an estimator": lambda: FITTED.sample(5),
        "from_model": lambda: Mixture.from_model(FITTED),
        "to_sklearn": MIXTURE.to_sklearn,
        "score_samples": lambda: MIXTURE.score_samples(POINTS),
        "predict_proba": lambda: MIXTURE.predict_proba(POINTS),
        "sample": lambda: MIXTURE.sample(10, random_state=0),
        "marginal": lambda: MIXTURE.marginal([0, 2]),
        "condition": lambda: MIXTURE.condition([0], [1.0]).mean(),
        "to_json": lambda: Mixture.from_json(MIXTURE.to_json()),
        "save": lambda: MIXTURE.save(path),
        "load": lambda: Mixture.load(path),
        "render_grid": lambda: gmmfast.render_grid(MIXTURE, (4, 5)),
        "render_bands": lambda: list(gmmfast.render_bands(MIXTURE, (4, 5))),
        "render_samples": lambda: gmmfast.render_samples(MIXTURE, (4, 5), 100),
        "fit_image": lambda: gmmfast.fit_image(PICTURE, 2, kind="color", max_iter=2),
        "fit_video": lambda: gmmfast.fit_video(CLIP, 2, max_iter=2),
        "refine": lambda: gmmfast.refine(COLOR, PICTURE, max_iter=2),
        "to_html": lambda: gmmfast.to_html(COLOR),
        "read_image": lambda: images.read_image(picture),
        "write_image": lambda: images.write_image(picture, PICTURE),
        "a damaged picture": lambda: _refused(images.read_image, io.BytesIO(b"PNG")),
        "a refused call": lambda: _refused(MIXTURE.score_samples, POINTS[:, :1]),
        **_of_estimators(),
        **_of_mixtures(),
        **_of_conditionals(),
        **_of_pictures(folder),
    }


def _of_estimators():
    estimator = GaussianMixture(max_iter=2, init_params="random", random_state=0)
    big = PICTURE[:4, :5]
    return {
        "select_n_components": lambda: gmmfast.select_n_components(
            POINTS, [1, 2], estimator=estimator
        ),
        "fit_big_image": lambda: gmmfast.fit_big_image(big, 2, max_iter=1),
        "Statistics": lambda: sum(
            [Statistics.from_rows(MIXTURE, POINTS), Statistics.from_rows(MIXTURE, POINTS[:5])]
        ).estimate(),
        "aic, bic and score": lambda: (FITTED.aic(POINTS), FITTED.bic(POINTS)),
        "sample_y": lambda: REGRESSOR.sample_y(POINTS[:, :2], random_state=0),
        "profile": lambda: _profiled(POINTS),
        "patch_sklearn": lambda: (gmmfast.patch_sklearn(), gmmfast.unpatch_sklearn()),
        "show_runtime": lambda: _printed(gmmfast.show_runtime),
        "kernel_calls": gmmfast.kernel_calls,
        "ToneCurve": lambda: gmmfast.ToneCurve([(0, 0), (1, 1)])(np.arange(5.0)),
    }


def _of_mixtures():
    line = MIXTURE.marginal([0])
    region = MIXTURE.confidence_region(0.5)
    return {
        "confidence_region": lambda: MIXTURE.confidence_region(0.5),
        "contains": lambda: region.contains(POINTS),
        "error_ellipses": lambda: MIXTURE.marginal([0, 1]).error_ellipses(0.5),
        "cdf and sf": lambda: (line.cdf([0.0, 1.0]), line.sf([0.0, 1.0])),
        "quantile": lambda: line.quantile([0.1, 0.9]),
        "interval_probability": lambda: line.interval_probability([0.0, 1.0, 2.0]),
        "mean and covariance": lambda: (MIXTURE.mean(), MIXTURE.covariance()),
        "entropy_bounds": MIXTURE.entropy_bounds,
        "kl_divergence": lambda: MIXTURE.kl_divergence(MIXTURE, n_samples=10, random_state=0),
        "bounds of kl_divergence": lambda: (
            MIXTURE.kl_divergence_variational(MIXTURE),
            MIXTURE.kl_divergence_upper_bound(MIXTURE),
        ),
        "product": lambda: MIXTURE.product(MIXTURE),
        "transform": lambda: MIXTURE.transform(np.eye(3), [1.0, 2.0, 3.0]),
        "component": lambda: MIXTURE.component(1),
        "predict of a mixture": lambda: MIXTURE.predict(POINTS),
        "responsibilities": lambda: MIXTURE.responsibilities(POINTS),
        "with_extent": lambda: MIXTURE.with_extent([(0, 1), (0, 1)]),
        "with_feature_names": lambda: MIXTURE.with_feature_names(["a", "b", "c"]),
        "with_kind": lambda: MIXTURE.with_kind(None),
        "deepcopy": lambda: copy.deepcopy(MIXTURE),
    }


def _of_conditionals():
    conditional = MIXTURE.condition([0], POINTS[:, :1])
    names = ["mean", "covariance", "std", "mean_and_std", "mean_and_covariance", "weights"]
    return {
        **{f"{name} of a conditional": getattr(conditional, name) for name in names},
        "predict of a conditional": conditional.predict,
        "log_prob of a conditional": lambda: conditional.log_prob(POINTS[:, 1:]),
        "sample of a conditional": lambda: conditional.sample(random_state=0),
    }


def _of_pictures(folder):
    gif, tiles = folder / "clip.gif", folder / "tiles.dzi"
    return {
        "write_animation": lambda: animation.write_animation(gif, CLIP, fps=10),
        "read_frames": lambda: list(images.read_frames(CLIP)),
        "video_frames": lambda: list(animation.video_frames(FILM, (3, 4), 2)),
        "zooming_frames": lambda: list(animation.zooming_frames(COLOR, (3, 4), 2)),
        "storage.render": lambda: storage.render(COLOR, (3, 4), tiles, dtype="uint8"),
        "ink_points": lambda: images.ink_points(PICTURE),
        "color_points": lambda: images.color_points(PICTURE),
        "psnr": lambda: images.psnr(PICTURE, PICTURE[::-1]),
    }


def _profiled(points):
    with gmmfast.profile(file=io.StringIO()):
        FITTED.predict(points)


def _printed(function):
    with contextlib.redirect_stdout(io.StringIO()):
        function()


def _refused(call, argument):
    try:
        call(argument)
    except ValueError:
        return
    raise AssertionError("not refused")
