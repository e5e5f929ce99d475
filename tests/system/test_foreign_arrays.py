"""Arrays of other libraries, and arrays that share the memory of a model or of its input."""

import numpy as np
import pytest

from gmmfast import GaussianMixture, Mixture, render_grid
from support.models import random_parameters

X = np.random.default_rng(0).normal(size=(60, 2))


class Tensor:
    """An object that converts itself to an array, as tensors of other libraries do."""

    shape = X.shape

    def __array__(self, dtype=None, copy=None):
        return X.astype(dtype or X.dtype)

    def __len__(self):
        return len(X)


def polars_frame():
    return pytest.importorskip("polars").DataFrame({"x": X[:, 0], "y": X[:, 1]})


def pandas_frame():
    return pytest.importorskip("pandas").DataFrame({"x": X[:, 0], "y": X[:, 1]})


def torch_tensor():
    return pytest.importorskip("torch").tensor(X)


@pytest.mark.parametrize("make", [polars_frame, pandas_frame, torch_tensor, Tensor])
@pytest.mark.filterwarnings("ignore:X has feature names")
def test_frames_and_tensors_are_the_same_rows(make):
    foreign = make()
    options = {"random_state": 0, "max_iter": 5, "tol": 1e-1}
    ours, fitted = (GaussianMixture(2, **options).fit(rows) for rows in (foreign, X))
    assert ours.means_.tobytes() == fitted.means_.tobytes()
    assert ours.predict(foreign).tolist() == fitted.predict(X).tolist()
    mixture = Mixture.from_model(fitted)
    for method in (mixture.score_samples, mixture.predict_proba):
        assert method(foreign).tobytes() == method(X).tobytes()


def test_names_of_columns_are_kept_as_by_scikit_learn():
    for make in (pandas_frame, polars_frame):
        fitted = GaussianMixture(2, random_state=0).fit(make())
        assert fitted.feature_names_in_.tolist() == ["x", "y"]
        with pytest.raises(ValueError, match="feature names should match"):
            fitted.predict(make()[["y", "x"]])


@pytest.mark.parametrize("shared", ["weights", "means", "covariances"])
def test_a_picture_over_the_memory_of_its_model_is_that_of_the_model(shared):
    parameters = dict(
        zip(("weights", "means", "covariances"), random_parameters(40, 2, "full"), strict=True)
    )
    expected = render_grid(tuple(parameters.values()), (4, 10))
    parameters[shared] = parameters[shared].copy()
    out = parameters[shared].reshape(-1)[:40].reshape(4, 10)
    assert render_grid(tuple(parameters.values()), (4, 10), out=out) is out
    assert out.tobytes() == expected.tobytes()


def test_a_picture_over_the_memory_of_an_estimator_or_mixture_is_that_of_the_model():
    estimator = GaussianMixture(20, random_state=0, init_params="random", max_iter=2).fit(X)
    mixture = Mixture.from_model(estimator)
    expected = render_grid(estimator, (4, 10))
    for means in (mixture.means, estimator.means_):
        model = mixture if means is not estimator.means_ else estimator
        out = means.reshape(4, 10)
        out.flags.writeable = True
        assert render_grid(model, (4, 10), out=out).tobytes() == expected.tobytes()
    assert render_grid(mixture, (4, 10)).tobytes() == expected.tobytes()


def test_values_of_a_condition_may_be_the_memory_of_a_picture():
    mixture = Mixture(*random_parameters(5, 3, "full"))
    points = np.zeros((6, 5))
    scores = mixture.marginal([0, 1, 2]).score_samples(points[:, :3])
    image = render_grid(mixture, (6, 5), given=[0, 1], quantity="density", out=points)
    assert image is points
    assert mixture.score_samples(np.zeros((6, 3))).tobytes() == scores.tobytes()
