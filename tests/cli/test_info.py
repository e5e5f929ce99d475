"""Tests of cli/info.py."""

import json
import re

import numpy as np

from gmmfast import images


def test_info_tells_what_a_file_is(gmmfast, photo, model):
    told = json.loads(gmmfast("info", photo, "--json").stdout)
    assert (told["what"], told["width"], told["height"], told["kind"]) == (
        "picture", 80, 54, "color",
    )  # fmt: skip
    pixels = images.read_image(photo)
    assert told["ink_pixels"] == len(images.ink_points(pixels))
    np.testing.assert_allclose(told["mean_color"], pixels.mean(axis=(0, 1)), atol=0.051)
    told = json.loads(gmmfast("info", model, "--json").stdout)
    assert (told["what"], told["n_components"], told["n_features"]) == ("model", 12, 5)
    assert told["extent"] == [[-0.5, 79.5], [-0.5, 53.5]]
    assert 1 < told["effective_components"] <= 12
    lines = gmmfast("info", model).stdout
    assert re.search(r"^n components +12$", lines, flags=re.MULTILINE)
