"""Tests of mixture/serialization.py: mixtures as scikit-learn's estimators, and in files."""

import io
import stat
import zipfile

import numpy as np
import pytest
import sklearn.mixture

import gmmfast
from gmmfast import Mixture
from support import models
from support.checks import check_message, refusal
from support.models import COVARIANCE_TYPES, EVERY_TYPE


def build(covariance_type="full", n_components=4, n_features=3):
    return models.build(n_components, n_features, covariance_type)


def check_same(one, other):
    for name in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one._core.log_weights, other._core.log_weights)
    labels = [(m.covariance_type, m.extent, m.feature_names) for m in (one, other)]
    assert labels[0] == labels[1]


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_an_estimator_is_as_if_it_had_been_fitted(covariance_type):
    mixture = build(covariance_type)
    estimator = mixture.to_sklearn()
    points = np.random.default_rng(1).normal(scale=5, size=(50, 3))
    np.testing.assert_allclose(
        estimator.score_samples(points), mixture.score_samples(points), rtol=1e-9
    )
    np.testing.assert_array_equal(estimator.predict(points), mixture.predict(points))
    # Set by scikit-learn itself from the covariances.
    estimator_class = sklearn.mixture.GaussianMixture
    assert type(estimator) is estimator_class
    assert estimator.covariance_type == covariance_type
    for name in ("precisions_cholesky_", "precisions_"):
        twin = estimator_class(4, covariance_type=covariance_type, means_init=mixture.means)
        twin.fit(points)
        assert getattr(estimator, name).shape == getattr(twin, name).shape
    samples, labels = estimator.sample(20)
    assert (samples.shape, labels.shape) == ((20, 3), (20,))
    assert (estimator.n_features_in_, estimator.n_iter_, estimator.converged_) == (3, 0, True)
    assert np.isnan(estimator.lower_bound_)
    check_same(Mixture.from_model(estimator), mixture)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_precisions_are_the_inverses(covariance_type):
    estimator = build(covariance_type).to_sklearn()
    covariances, precisions = estimator.covariances_, estimator.precisions_
    if covariance_type in ("diag", "spherical"):
        np.testing.assert_allclose(covariances * precisions, 1, rtol=1e-14)
        np.testing.assert_allclose(estimator.precisions_cholesky_**2, precisions, rtol=1e-14)
    else:
        identity = np.broadcast_to(np.eye(3), covariances.shape)
        np.testing.assert_allclose(covariances @ precisions, identity, rtol=0, atol=1e-12)
        factors = estimator.precisions_cholesky_
        np.testing.assert_array_equal(factors, np.triu(factors))


def test_an_estimator_keeps_the_extent_and_may_be_changed():
    mixture = build().with_extent([(0, 4), (0, 3)])
    estimator = mixture.to_sklearn()
    assert Mixture.from_model(estimator).extent == mixture.extent
    assert not hasattr(build().to_sklearn(), "extent_")
    estimator.means_[:] = 7
    assert mixture.means.max() != 7


def test_an_estimator_samples_whatever_the_weights_rounding():
    weights = np.full(3, 1 / 3) + 3e-7
    estimator = Mixture(weights, np.zeros((3, 1)), np.ones(3)).to_sklearn()
    assert len(estimator.sample(10)[0]) == 10
    assert estimator.weights_.sum() == pytest.approx(1, abs=1e-15)
    # Those that scikit-learn samples from as they are keep their bits.
    weights = np.array([0.25, 0.75 + 2e-13])
    estimator = Mixture(weights, np.zeros((2, 1)), np.ones(2)).to_sklearn()
    np.testing.assert_array_equal(estimator.weights_, weights)
    assert len(estimator.sample(10)[0]) == 10


def test_an_estimator_is_scikit_learns_own_while_it_is_patched():
    own = sklearn.mixture.GaussianMixture
    gmmfast.patch_sklearn()
    try:
        assert type(build().to_sklearn()) is own
    finally:
        gmmfast.unpatch_sklearn()


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("extent", [None, [(0, 4)], [(-0.5, 3.5), (2, 1)]])
def test_a_file_brings_back_the_same_mixture(covariance_type, extent, tmp_path):
    mixture = build(covariance_type).with_extent(extent)
    mixture.save(tmp_path / "model.npz")
    check_same(Mixture.load(str(tmp_path / "model.npz")), mixture)


def test_a_file_keeps_weights_below_float64(tmp_path):
    joint = Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 0.0]], [1.0, 1.0])
    far = joint.condition([0], [1e4])
    far.save(tmp_path / "far.npz")
    check_same(Mixture.load(tmp_path / "far.npz"), far)


NAMES = ["größe", "", "a b"]


def test_names_of_fitted_columns_go_into_a_file_and_back_to_an_estimator(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=NAMES)
    fitted = gmmfast.GaussianMixture(2, random_state=0).fit(frame)
    Mixture.from_model(fitted).save(tmp_path / "model.npz")
    loaded = Mixture.load(tmp_path / "model.npz")
    assert loaded.feature_names == tuple(NAMES)
    with np.load(tmp_path / "model.npz") as archive:
        assert archive["feature_names"].tolist() == NAMES
    estimator = loaded.to_sklearn()
    np.testing.assert_array_equal(estimator.feature_names_in_, fitted.feature_names_in_)
    assert estimator.feature_names_in_.dtype == fitted.feature_names_in_.dtype
    np.testing.assert_array_equal(estimator.predict(frame), fitted.predict(frame))
    with pytest.raises(ValueError, match="feature names should match"):
        estimator.predict(frame[NAMES[::-1]])


def test_a_mixture_without_names_has_none_in_its_file_and_estimator(tmp_path):
    build().save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as archive:
        assert "feature_names" not in archive
    assert Mixture.load(tmp_path / "model.npz").feature_names is None
    assert not hasattr(build().to_sklearn(), "feature_names_in_")
    # A script may set whatever it likes.
    estimator = build().to_sklearn()
    for names in (["a", "b"], ["a", "b", "b"], ["a", "b", 3], 7):
        estimator.feature_names_in_ = names
        assert Mixture.from_model(estimator).feature_names is None


def test_a_file_is_numpys_and_needs_no_pickle(tmp_path):
    build().save(tmp_path / "model")
    with np.load(tmp_path / "model", allow_pickle=False) as archive:
        assert str(archive["format"]) == "gmmfast.Mixture"
        assert archive["version"] == 1
        assert str(archive["written_by"]) == f"gmmfast {gmmfast.__version__}"
        assert archive["extent"].shape == (0, 2)
        np.testing.assert_array_equal(archive["means"], build().means)


def test_the_same_mixture_gives_the_same_bytes(tmp_path):
    for name in "ab":
        build().save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    path.chmod(0o640)

    def full_disk(file, **_):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(np, "savez", full_disk)
        assert "No space" in refusal(OSError, build().save, path)
    assert path.read_bytes() == b"old"
    build().save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["model.npz"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    check_same(Mixture.load(path), build())


def test_where_no_file_can_be_written_is_told_first(tmp_path):
    save = build().save
    check_message(
        refusal(IsADirectoryError, save, tmp_path),
        "path: expected the path of a file that can be written, got .* which is a folder",
    )
    missing = tmp_path / "no" / "model.npz"
    check_message(refusal(FileNotFoundError, save, missing), "path: expected .* is missing")
    check_message(refusal(TypeError, save, 7), "path: expected the path of a file, got int")


def saved(tmp_path, **changes):
    """The path of a file with some arrays changed, or left out if None."""
    build().save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as archive:
        arrays = {**archive, **changes}
    kept = {name: array for name, array in arrays.items() if array is not None}
    np.savez(tmp_path / "model.npz", **kept)
    return tmp_path / "model.npz"


def beyond_unicode(shape):
    """Return an array of text whose only character no text has."""
    return np.full(shape, 7 << 28, np.uint32).view("<U1")


BAD_ARRAYS = {
    "another format": ({"format": "other"}, "which is another of NumPy's files"),
    "no format": ({"format": None}, "which is another of NumPy's files"),
    "no version": ({"version": None}, "which tells no version"),
    "version of text": ({"version": "1"}, "which tells no version"),
    "versions": ({"version": [1]}, "which tells no version"),
    "version 0": ({"version": 0}, "which tells no version"),
    "version of half a number": ({"version": 1.0}, "which tells no version"),
    "no means, no kind": ({"means": None, "kind": None}, "which lacks kind, means"),
    "means of text": (
        {"means": np.array([["a"]])},
        "whose means have dtype <U1 and shape (1, 1)",
    ),
    "flat means": ({"means": np.zeros(3)}, "whose means have dtype float64 and shape (3,)"),
    "weights": (
        {"weights": np.full(4, 0.5)},
        "one with weights: expected the exponentials of log_weights, got others",
    ),
    "NaN": (
        {"means": np.full((4, 3), np.nan)},
        (
            "one with means: expected finite values, got nan at component 0; fit the model again "
            "without NaN or infinite data"
        ),
    ),
    "not positive": (
        {"covariances": -np.ones((4, 3, 3))},
        (
            "one with covariances: expected positive definite matrices, got pivot -1.0 at feature "
            "0 of component 0; add a small value such as reg_covar to the diagonal"
        ),
    ),
    "covariance type": (
        {"covariance_type": "round"},
        (
            "one with covariance_type: expected 'full', 'tied', 'diag', 'spherical', 'tied-diag' "
            "or 'tied-spherical', got 'round'"
        ),
    ),
    "log weights of others": (
        {"log_weights": np.zeros(3)},
        (
            "one with weights: expected to sum to 1 (within 1e-6), got a sum of 3.0; divide them "
            "by their sum"
        ),
    ),
    "extent": (
        {"extent": np.zeros((1, 2))},
        "one with extent: expected pairs of two different finite numbers, got [[0.0, 0.0]]",
    ),
    "names of text": (
        {"feature_names": np.array("abc")},
        "whose feature_names have dtype <U3 and shape ()",
    ),
    "names of numbers": (
        {"feature_names": np.arange(3.0)},
        "whose feature_names have dtype float64 and shape (3,)",
    ),
    "few names": (
        {"feature_names": np.array(["a", "b"])},
        "one with feature_names: expected 3 names, got 2",
    ),
    "many names": (
        {"feature_names": np.array(list("abcd"))},
        "one with feature_names: expected 3 names, got 4",
    ),
    "a name twice": (
        {"feature_names": np.array(list("aba"))},
        (
            "one with feature_names: expected 3 names, one for each feature and none twice, got "
            "['a', 'b', 'a']"
        ),
    ),
    "names beyond Unicode": (
        {"feature_names": beyond_unicode((3,))},
        "whose feature_names.npy is no text",
    ),
    "a kind beyond Unicode": ({"kind": beyond_unicode(())}, "whose kind.npy is no text"),
    "extent of three": (
        {"extent": np.zeros((1, 3))},
        (
            "one with extent: expected one (low, high) pair for each axis, x first, and at most "
            "3, got [[0.0, 0.0, 0.0]]"
        ),
    ),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_a_file_of_something_else_is_refused(name, tmp_path):
    changes, why = BAD_ARRAYS[name]
    path = saved(tmp_path, **changes)
    message = refusal(ValueError, Mixture.load, path)
    expected = f"path: expected a file that Mixture.save wrote, got {str(path)!r}, {why}"
    assert message == f"{expected}; save it again"


def test_a_file_of_a_newer_version_is_refused(tmp_path):
    path = saved(tmp_path, version=2)
    assert refusal(ValueError, Mixture.load, path) == (
        f"path: expected a file of version 1 to 1, got {str(path)!r} of version 2; read it with "
        "a newer gmmfast"
    )


def test_nothing_is_unpickled(tmp_path):
    path = saved(tmp_path, means=np.array([[object()]], dtype=object))
    check_message(
        refusal(ValueError, Mixture.load, path), "path: expected a file that Mixture.save"
    )


def damaged_bytes():
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("notes.txt", "hello")
    return {"empty": b"", "text": b"hello", "npy": buffer.getvalue(), "zip": whole.getvalue()}


@pytest.mark.parametrize("name", damaged_bytes())
def test_a_file_of_another_kind_is_refused(name, tmp_path):
    (tmp_path / "model.npz").write_bytes(damaged_bytes()[name])
    message = refusal(ValueError, Mixture.load, tmp_path / "model.npz")
    check_message(message, "path: expected a file that Mixture.save wrote")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_file_cut_off_or_changed_is_refused(share, tmp_path):
    build().save(tmp_path / "model.npz")
    whole = (tmp_path / "model.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: int(share * len(whole))])
    check_message(refusal(ValueError, Mixture.load, tmp_path / "cut.npz"), "path: expected")
    # One bit of the means: the check sum of the member tells.
    place = whole.index(build().means.tobytes()) + 8
    (tmp_path / "bit.npz").write_bytes(
        whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    )
    check_message(refusal(ValueError, Mixture.load, tmp_path / "bit.npz"), "path: expected")


def test_a_path_to_nothing_is_told(tmp_path):
    nothing = tmp_path / "none"
    assert refusal(FileNotFoundError, Mixture.load, nothing) == (
        f"path: expected a file that can be read, got {str(nothing)!r} (No such file or "
        "directory); check the path"
    )
    assert refusal(ValueError, Mixture.load, tmp_path) == (
        f"path: expected a file that Mixture.save wrote, got {str(tmp_path)!r}, which is a folder "
        "or a device; save it again"
    )
    check_message(refusal(TypeError, Mixture.load, None), "path: expected the path")


@pytest.mark.parametrize("covariance_type", ["diag", "tied", "tied-diag"])
def test_scikit_learn_gets_the_components_that_have_a_weight(covariance_type):
    whole = models.build(3, 2, covariance_type)
    weights = [0.25, 0.0, 0.75]
    mixture = Mixture(weights, whole.means, whole.covariances, covariance_type=covariance_type)
    estimator = mixture.to_sklearn()
    assert (estimator.n_components, estimator.weights_.tolist()) == (2, [0.25, 0.75])
    points = whole.sample(20, random_state=0)
    np.testing.assert_allclose(
        estimator.score_samples(points), mixture.score_samples(points), rtol=1e-12
    )
    rounded = Mixture([0.5, 0.5000004], [[0.0], [1.0]], [1.0, 1.0]).to_sklearn()
    assert rounded.weights_.sum() == pytest.approx(1, abs=1e-15)
    thirds = np.full(3, 1 / 3)
    np.testing.assert_array_equal(
        Mixture(thirds, whole.means, np.ones(3)).to_sklearn().weights_, thirds
    )
