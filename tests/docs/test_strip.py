"""Tests of the strip of pictures in README.md and of the script that makes it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("strip", DOCS / "strip.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def panels(picture, gap):
    """The six panels (6, 10, 8, 3), reduced to what one sees from afar."""
    width = (picture.width - 5 * gap) / 6
    boxes = [(i * (width + gap), 0, i * (width + gap) + width, picture.height) for i in range(6)]
    rgb = picture.convert("RGB")
    small = [rgb.resize((8, 10), Image.Resampling.BOX, box=box) for box in boxes]
    return np.stack([np.asarray(panel, float) for panel in small])


def test_the_stored_strip_is_as_wide_and_as_light_as_a_page_wants_it(script):
    path = DOCS / "strip.png"
    assert path.stat().st_size < 400_000
    with Image.open(path) as picture:
        assert picture.size == (1600, script.SHAPE[0])
        opacity = np.asarray(picture.convert("RGBA"))[..., 3]
    is_gap = np.arange(1600) % (script.SHAPE[1] + script.GAP) >= script.SHAPE[1]
    np.testing.assert_array_equal(opacity, np.broadcast_to(255 * ~is_gap, opacity.shape))


def test_the_script_makes_the_stored_strip_again(script, monkeypatch):
    """With every fourth pixel and few components the strips look alike from afar."""
    for name, small in {"SHAPE": (80, 64), "GAP": 4, "N_COMPONENTS": 60, "N_LINES": 60,
                        "N_PATCHES": 200, "N_LOOSE": 30, "DOT": 2}.items():  # fmt: skip
        assert hasattr(script, name)
        monkeypatch.setattr(script, name, small)
    crops = {
        name: tuple(slice(part.start, part.stop, 4) for part in crop)
        for name, crop in script.CROPS.items()
    }
    monkeypatch.setattr(script, "CROPS", crops)
    made = script.in_few_colors(script.strip())
    assert made.size == (6 * 64 + 5 * 4, 80)
    with Image.open(DOCS / "strip.png") as picture:
        stored = panels(picture, 14)
    distances = np.abs(panels(made, 4) - stored).mean(axis=(1, 2, 3))
    # Any two of the photograph, the ellipses, the poster and the drawing are 55 or more apart.
    assert (distances < [8, 8, 25, 15, 15, 30]).all(), distances
