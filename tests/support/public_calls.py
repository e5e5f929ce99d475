"""A small call of every public function, each of some milliseconds at most."""

import io

import numpy as np

import gmmfast
from gmmfast import GaussianMixture, Mixture, images

MIXTURE = Mixture(
    [0.4, 0.6], [[1.0, 2.0, 9.0], [3.0, 4.0, 2.0]], [1.0, 2.0], extent=[(0, 5), (0, 4)]
)
POINTS = np.random.default_rng(0).normal(size=(12, 3))
PICTURE = np.random.default_rng(1).integers(0, 255, size=(6, 8, 3), dtype=np.uint8)
CLIP = PICTURE[None].repeat(2, axis=0)
COLOR = gmmfast.fit_image(PICTURE, 2, kind="color", max_iter=2)
FITTED = GaussianMixture(2, random_state=0, max_iter=2).fit(POINTS)
REGRESSOR = gmmfast.GaussianMixtureRegressor(2, max_iter=2, random_state=0)


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
    }


def _refused(call, argument):
    try:
        call(argument)
    except ValueError:
        return
    raise AssertionError("not refused")
