"""Tests of cli/usage.py: options without an effect are refused before anything is computed."""

import numpy as np
import pytest

from gmmfast import Mixture

#: Commands, and the beginnings of their messages.
CASES = {
    "convert photo.png a.png --detail 0.5": "--detail: expected together with --drawing",
    "convert photo.png a.png --line-width 2": "--line-width: expected together with --drawing",
    "contour ink.npz --filled --line-width 2": "--line-width: expected without --filled",
    "contour ink.npz --max-iter 9": "--max-iter: expected together with a picture to fit",
    "paint photo.png --tone linear": "--tone: expected together with --ink, got it alone",
    "fit photo.png --threshold 9": "--threshold: expected together with --ink, got it alone",
    "render model.npz --tone linear": "--tone: expected together with ink or --quantity density",
    "refine photo.png --tone linear": "--tone: expected together with --ink, got it alone",
    "refine photo.png --model model.npz --tone linear": "--tone: expected together with a model",
    "refine photo.png --model model.npz --ink": "--ink: expected together with a model of ink",
    "refine photo.png --model ink.npz -k 3": "--n-components: expected without --model",
    "refine photo.png --model ink.npz --max-iter 3": "--max-iter: expected without --model",
    "refine a.gif --model clip.npz --acceleration momentum": "--acceleration: expected without",
    "refine a.gif --model clip.npz --scale 2": "--scale: expected together with the model of a",
    "animate fill photo.png --tone linear": "--tone: expected together with ink, got",
    "animate fill model.npz --tone linear": "--tone: expected together with ink, got",
    "animate zoom ink.npz --tone linear": "--tone: expected together with fill, got it with zoom",
    "animate zoom photo.png --style oil": "--style: expected together with grow or refine",
    "animate fill photo.png --factor 8": "--factor: expected together with zoom",
    "animate grow photo.png --center 3 4": "--center: expected together with zoom",
    "animate grow photo.png --max-iter 9": "--max-iter: expected together with fill or refine",
    "animate slices ink.npz -k 5": "--n-components: expected together with fill or grow",
    "animate video clip.npz -k 5": "--n-components: expected together with a picture to fit",
    "fit big.zarr --every 3": "--every: expected together with --checkpoint or --resume",
    "fit big.zarr --threshold 9": "--threshold: expected together with --ink",
    "fit big.zarr --workers 1 --n-threads 2": "--n-threads: expected without --scheduler",
    "render model.npz -o b.zarr --workers 1 --n-threads 2": "--n-threads: expected without",
}


@pytest.mark.usefixtures("photo", "model", "ink_model")
@pytest.mark.parametrize("command", CASES)
def test_an_option_without_an_effect_is_refused(gmmfast, tmp_path, command):
    if "clip.npz" in command:
        Mixture([1.0], np.ones((1, 6)), [9.0], extent=[(0, 8)] * 3).save("clip.npz")
    if "big.zarr" in command:
        storage = pytest.importorskip("gmmfast.storage")
        pytest.importorskip("zarr")
        storage.save(np.zeros((32, 32, 3), np.uint8), "big.zarr", tile_size=32)
    before = set(tmp_path.iterdir())
    refused = gmmfast(*command.split())
    message = " ".join(refused.stderr.split())
    assert refused.status == 2, message
    assert f"Error: {CASES[command]}" in message
    assert set(tmp_path.iterdir()) == before


def test_an_option_that_has_an_effect_is_not(gmmfast, model, ink_model):
    for source in (model, ink_model):
        options = ["--quantity", "density", "--tone", "linear", "-o", "a.png"]
        assert gmmfast("render", source, *options).status == 0
    options = ["--tone", "linear", "--seconds", "0.1", "--fps", "10", "-o", "a.png"]
    assert gmmfast("animate", "fill", ink_model, *options).status == 0
