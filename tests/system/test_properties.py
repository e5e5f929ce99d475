"""Properties of all inputs: `make soak` tries them for as long as told."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from gmmfast import GaussianMixture, Mixture, render_grid
from support.checks import check_message

pytest.importorskip("hypothesis")

from hypothesis import example, given
from hypothesis import strategies as st

from support.strategies import VARIANTS, budget, extents, mixtures, small_integers

#: scikit-learn fits in float32 where the data are.
OF_FLOAT64 = sorted(VARIANTS.keys() - {"float16", "float32"})


def rows(n_features):
    row = st.lists(small_integers, min_size=n_features, max_size=n_features)
    return st.lists(row, min_size=1, max_size=40).map(np.array)


@budget(40)
@given(st.data(), mixtures(), st.sampled_from(sorted(VARIANTS)))
def test_an_array_of_any_layout_gives_the_same_scores(data, mixture, name):
    points = data.draw(rows(mixture.n_features))
    scores = mixture.score_samples(points)
    variant = VARIANTS[name](points)
    assert mixture.score_samples(variant).tobytes() == scores.tobytes()
    assert mixture.predict(variant).tobytes() == mixture.predict(points).tobytes()
    np.testing.assert_array_equal(np.asarray(variant, dtype=float), points)


@budget(20)
@given(
    rows(2).filter(lambda X: len(X) > 4),
    st.sampled_from(sorted(VARIANTS.keys() - {"float16", "float32"})),
)
def test_an_array_of_any_layout_gives_the_same_fit(points, name):
    def fitted(X):
        return GaussianMixture(2, random_state=0, max_iter=3, reg_covar=1e-3).fit(X)

    one, other = fitted(points), fitted(VARIANTS[name](points))
    np.testing.assert_allclose(one.means_, other.means_, rtol=1e-12)


@budget(40)
@given(st.data(), mixtures())
def test_scores_are_those_of_scikit_learn(data, mixture):
    points = data.draw(rows(mixture.n_features))
    expected = mixture.to_sklearn().score_samples(points)
    np.testing.assert_allclose(mixture.score_samples(points), expected, rtol=1e-7, atol=1e-7)


@budget(30)
@given(st.data(), mixtures(max_features=3), st.integers(1, 3))
def test_a_grid_is_its_pixels(data, mixture, n_axes):
    n_axes = min(n_axes, mixture.n_features)
    shape = tuple(
        data.draw(st.lists(st.integers(1, 40 // n_axes), min_size=n_axes, max_size=n_axes))
    )
    extent = data.draw(extents(n_axes))
    grid = render_grid(mixture, shape, extent=extent, quantity="log_density")
    assert grid.shape == shape
    axes = [
        low + (np.arange(n) + 0.5) * ((high - low) / n)
        for (low, high), n in zip(extent, shape[::-1], strict=True)
    ]
    points = np.stack(np.meshgrid(*axes[::-1], indexing="ij")[::-1], axis=-1).reshape(-1, n_axes)
    expected = mixture.marginal(range(n_axes)).score_samples(points)
    np.testing.assert_allclose(grid.ravel(), expected, rtol=1e-8, atol=1e-8)
    threaded = render_grid(mixture, shape, extent=extent, quantity="log_density", n_threads=3)
    assert threaded.tobytes() == grid.tobytes()


def same(one, other):
    names = ("weights", "means", "covariances")
    return all(getattr(one, n).tobytes() == getattr(other, n).tobytes() for n in names)


@budget(20)
@given(mixtures())
def test_files_and_texts_bring_back_the_bits(mixture):
    assert same(Mixture.from_json(mixture.to_json()), mixture)
    with tempfile.TemporaryDirectory() as folder:
        mixture.save(Path(folder, "model.npz"))
        assert same(Mixture.load(Path(folder, "model.npz")), mixture)


@budget(60)
@given(mixtures(max_components=2, max_features=2), st.data())
def test_a_damaged_file_is_refused_or_brings_back_the_bits(mixture, data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.npz")
        mixture.save(path)
        content = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
        path.write_bytes(
            content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))]
        )
        try:
            loaded = Mixture.load(path)
        except ValueError as error:
            check_message(str(error), "path: expected a file that Mixture.save wrote")
        else:
            assert same(loaded, mixture)


@budget(60)
@given(st.text(max_size=40) | st.binary(max_size=40))
@example("[" * 5000)
def test_no_text_but_a_mixture_is_read(text):
    with pytest.raises(ValueError, match=r"^text: expected"):
        Mixture.from_json(text)
