"""Tests of mixture/exchange.py: JSON brings back the bits, ONNX the scores."""

import json

import numpy as np
import pytest

from gmmfast import Mixture
from support import models
from support.checks import check_message, refusal
from support.models import EVERY_TYPE


def same(one, other):
    names = ("weights", "means", "covariances")
    is_same = all(getattr(one, n).tobytes() == getattr(other, n).tobytes() for n in names)
    labels = [(m.covariance_type, m.extent, m.kind, m.feature_names) for m in (one, other)]
    logs = [m._core.log_weights.tobytes() for m in (one, other)]
    return is_same and labels[0] == labels[1] and logs[0] == logs[1]


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_json_brings_back_the_same_mixture(covariance_type):
    mixture = models.build(4, 3, covariance_type)
    assert same(Mixture.from_json(mixture.to_json()), mixture)
    gray = mixture.with_extent([(-0.5, 3.5), (2, 1)]).with_kind("gray")
    assert same(Mixture.from_json(gray.to_json().encode()), gray)
    named = mixture.with_feature_names(["größe", "", "a b"])
    assert same(Mixture.from_json(named.to_json()), named)


def test_json_keeps_weights_of_zero_and_below_float64():
    joint = Mixture([0.5, 0.5, 0.0], [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]], [1.0, 1.0, 1.0])
    for mixture in (joint, joint.condition([0], [1e4])):
        text = mixture.to_json()
        assert "NaN" not in text
        assert "Infinity" not in text
        assert same(Mixture.from_json(text), mixture)


WHOLE = json.loads(models.build(2, 3).to_json())
BAD_TEXTS = {
    "no JSON": "{",
    "another object": "[1, 2]",
    "another format": json.dumps({**WHOLE, "format": "other"}),
    "another version": json.dumps({**WHOLE, "version": 2}),
    "a name is missing": json.dumps({k: v for k, v in WHOLE.items() if k != "means"}),
    "a name twice": json.dumps(WHOLE)[:-1] + ', "kind": ""}',
    "NaN": json.dumps({**WHOLE, "weights": [float("nan"), 0.5]}),
    "flat means": json.dumps({**WHOLE, "means": [1.0, 2.0]}),
    "words": json.dumps({**WHOLE, "means": [["a"], ["b"]]}),
    "infinity": json.dumps({**WHOLE, "means": [[np.inf] * 3] * 2}),
    "ragged means": json.dumps({**WHOLE, "means": [[1.0], [2.0, 3.0]]}),
    "names of numbers": json.dumps({**WHOLE, "feature_names": [1, 2, 3]}),
    "one name": json.dumps({**WHOLE, "feature_names": "abc"}),
    "an endless nest": "[" * 100_000,
    "a number beyond float64": json.dumps({**WHOLE, "weights": [10**400, 1]}),
    "no text": 7,
}


@pytest.mark.parametrize("name", BAD_TEXTS)
def test_another_text_is_refused(name):
    message = refusal(ValueError, Mixture.from_json, BAD_TEXTS[name])
    check_message(message, "text: expected what Mixture.to_json returned, got")
    assert len(message) < 1000


def test_invalid_parameters_are_refused_by_name():
    text = json.dumps({**WHOLE, "weights": [0.5, 0.6]})
    check_message(refusal(ValueError, Mixture.from_json, text), "weights: expected")
    text = json.dumps({**WHOLE, "feature_names": ["a", "b"]})
    check_message(refusal(ValueError, Mixture.from_json, text), "feature_names: expected 3 names")
    text = json.dumps({**WHOLE, "weights": [0.5, 1e999], "log_weights": [0, 0]})
    assert "Infinity" in refusal(ValueError, Mixture.from_json, text)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_onnx_gives_the_same_scores(covariance_type):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("skl2onnx")
    mixture = models.build(4, 3, covariance_type)
    points = np.random.default_rng(0).normal(scale=5, size=(50, 3))
    session = onnxruntime.InferenceSession(mixture.to_onnx().SerializeToString())
    names = ["label", "probabilities", "score_samples"]
    labels, probabilities, scores = session.run(names, {"X": points})
    np.testing.assert_array_equal(labels.ravel(), mixture.predict(points))
    np.testing.assert_allclose(probabilities, mixture.predict_proba(points), atol=1e-5)
    np.testing.assert_allclose(scores.ravel(), mixture.score_samples(points), rtol=1e-5)


def test_without_the_package_onnx_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skl2onnx", None)
    check_message(refusal(ImportError, models.build(2, 2).to_onnx), "to_onnx: expected")
