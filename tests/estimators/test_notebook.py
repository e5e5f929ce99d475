"""Tests of estimators/notebook.py: image models are displayed as pictures."""

import base64
import io
import re

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_sample_image

from gmmfast import (
    BayesianGaussianMixture,
    GaussianMixture,
    fit_image,
    images,
    render_grid,
)
from gmmfast.cli.fitting import FitRequest
from gmmfast.cli.paint import Job, paint
from gmmfast.estimators.notebook import model_picture
from gmmfast.tone import DEFAULT_TONE

PIXELS = np.ascontiguousarray(load_sample_image("china.jpg")[::10, ::10])


def shown_in(html):
    """The picture embedded in HTML, or None."""
    found = re.search(r'<img alt="[^"]+" src="data:image/png;base64,([^"]+)">', html)
    return found and images.read_image(io.BytesIO(base64.b64decode(found[1])))


@pytest.mark.parametrize("kind", ["color", "ink"])
@pytest.mark.parametrize("prior", [None, "dirichlet_process"])
def test_what_fit_image_returns_shows_its_picture(kind, prior):
    model = fit_image(PIXELS, 5, kind=kind, max_iter=2, prior=prior)
    shape = PIXELS.shape[:2]
    expected = render_grid(model, shape, dtype="u1") if kind == "color" else None
    if expected is None:
        expected = np.repeat(DEFAULT_TONE.picture(render_grid(model, shape))[..., None], 3, axis=2)
    png = images.read_image(io.BytesIO(model._repr_png_()))
    np.testing.assert_array_equal(png, expected)
    plain = type(model)()._repr_html_()
    bundle = model._repr_mimebundle_()
    for html in (model._repr_html_(), bundle["text/html"]):
        np.testing.assert_array_equal(shown_in(html), expected)
        assert f'alt="the picture under {type(model).__name__}"' in html
        assert "<summary>Look inside</summary>" in html
        assert len(html) > 0.5 * len(plain)  # scikit-learn's own is still there
    assert bundle["text/plain"] == repr(model)


@pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])
def test_other_fits_are_shown_as_scikit_learn_shows_them(estimator):
    points = np.random.default_rng(0).normal(size=(30, 2))
    for model in (estimator(), estimator(n_components=2, random_state=0).fit(points)):
        assert model._repr_png_() is None
        html = model._repr_html_()
        assert shown_in(html) is None
        assert estimator.__name__ in html
        assert shown_in(model._repr_mimebundle_()["text/html"]) is None
    # What is not fitted remembers nothing.
    assert clone(fit_image(PIXELS, 3, max_iter=1))._repr_png_() is None


def test_the_option_of_scikit_learn_is_heeded():
    model = fit_image(PIXELS, 3, max_iter=1)
    with sklearn.config_context(display="text"):
        assert not hasattr(model, "_repr_html_")
        assert set(model._repr_mimebundle_()) == {"text/plain"}


def test_large_pictures_are_shown_small():
    model = fit_image(PIXELS, 3, max_iter=1)
    model.image_shape_ = (3000, 4000)
    assert images.read_image(io.BytesIO(model._repr_png_())).shape == (480, 640, 3)
    for shape, shown in [((2000, 2), (640, 1, 3)), ((2, 2000), (1, 640, 3))]:
        model.image_shape_ = shape
        assert model_picture(model).shape == shown


def test_a_painting_shows_itself():
    painting = paint(Job(FitRequest(PIXELS, 4, max_iter=2), (20, 30), style="poster"))
    picture = images.read_image(io.BytesIO(painting._repr_png_()))
    np.testing.assert_array_equal(picture, painting.pixels)


def test_a_picture_is_named_and_its_page_folded_beneath():
    model = fit_image(PIXELS[:6, :6], 2, kind="gray", max_iter=1)
    html = model._repr_html_()
    assert f'alt="the picture under {type(model).__name__}"' in html
    assert "<details><summary>Look inside</summary>" in html
    assert "None" not in html.partition("</div>")[0]


def test_a_model_without_an_extent_or_means_is_no_picture():
    model = fit_image(PIXELS[:6, :6], 2, kind="gray", max_iter=1)
    for name in ("extent_", "means_", "image_shape_"):
        other = clone(model)
        vars(other).update(vars(model))
        delattr(other, name)
        assert other._repr_png_() is None
    thin = fit_image(PIXELS[:1, :40], 2, kind="gray", max_iter=1)
    assert images.read_image(io.BytesIO(thin._repr_png_())).shape[:2] == (1, 40)
