"""Tests of rendering/request.py: the core's tables are computed last, and only to render."""

import pytest

from gmmfast import _core, render_bands, render_grid, render_samples
from support.checks import refusal

MODEL = ([1.0], [[2.0, 2.0]], [1.0])


@pytest.fixture
def prepared(monkeypatch):
    """Return a list that gets the arguments of each rendering prepared in the core."""
    calls = []
    rendering = _core.Rendering

    def record(*args):
        calls.append(args)
        return rendering(*args)

    monkeypatch.setattr(_core, "Rendering", record)
    return calls


@pytest.mark.parametrize("render", [render_grid, render_bands])
def test_a_refused_dtype_prepares_nothing(render, prepared):
    refusal(TypeError, render, MODEL, (4, 4), dtype="int8")
    assert prepared == []


def test_a_refused_size_prepares_nothing(prepared):
    refusal(MemoryError, render_grid, MODEL, (2**20, 2**20))
    refusal(MemoryError, render_bands, MODEL, (2**20, 2**20), band_size=2**20)
    assert prepared == []


def test_all_bands_of_a_grid_use_one_preparation(prepared):
    assert len(list(render_bands(MODEL, (6, 4), band_size=2))) == 3
    assert len(prepared) == 1


def test_samples_prepare_nothing(prepared):
    render_samples(MODEL, (4, 4), 10, random_state=0)
    assert prepared == []
