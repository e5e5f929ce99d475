"""The commands that fit and paint load neither scikit-learn nor SciPy."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from gmmfast import Mixture, fit_image, images
from gmmfast.cli.inputs import read_picture

SLOW = {"sklearn", "scipy", "matplotlib"}

#: Runs the command, then prints the packages that it has loaded.
COMMAND = """
import sys
from gmmfast.cli import main
main()
print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""


def loaded(*arguments, cwd):
    """Return the top-level packages that a command loads."""
    run = subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return set(run.stderr.split())


QUICK = ["-k", "4", "--max-iter", "2"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["paint", "photo.png", *QUICK, "-o", "out.png"],
        ["paint", *QUICK, "-o", "out.png"],  # scikit-learn's photograph
        ["paint", "photo.png", *QUICK, "--softness", "0.9", "-o", "out.png"],
        ["paint", "photo.png", "--sharp", "-k", "4", "--time", "0.1s", "-o", "out.png"],
        ["paint", "photo.png", "--psnr", "5", "-o", "out.png"],
        ["paint", "drawing.png", "--ink", *QUICK, "-o", "out.png"],
        ["fit", "photo.png", *QUICK, "-o", "out.npz"],
        ["refine", "photo.png", *QUICK, "--passes", "2", "-o", "out.png"],
        ["select", "photo.png", "--candidates", "2,3", "--max-iter", "1"],
        ["animate", "grow", "photo.png", "-k", "2", "--seconds", "0.2", "-o", "out.gif"],
        ["animate", "refine", "photo.png", *QUICK, "--seconds", "0.2", "-o", "out.gif"],
        ["animate", "fill", "photo.png", *QUICK, "--seconds", "0.2", "-o", "out.gif"],
        ["animate", "video", "clip.gif", *QUICK, "--seconds", "0.2", "-o", "out.gif"],
    ],
    ids=" ".join,
)
def test_a_command_loads_no_slow_package(arguments, tmp_path):
    pixels = np.ascontiguousarray(load_sample_image("china.jpg")[::16, ::16])
    frames = [Image.fromarray(np.roll(pixels, step, axis=1)) for step in range(3)]
    frames[0].save(tmp_path / "photo.png")
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:])
    Image.fromarray(images.line_drawing(pixels)).save(tmp_path / "drawing.png")
    packages = loaded(*arguments, cwd=tmp_path)
    assert "gmmfast" in packages
    assert not packages & SLOW


def test_the_photograph_of_scikit_learn_is_found_without_it():
    np.testing.assert_array_equal(read_picture(None), load_sample_image("china.jpg"))


def test_a_fit_of_the_command_is_that_of_the_function(photo, tmp_path, gmmfast):
    """The model of `gmmfast fit` has the bits of `fit_image`'s estimator."""
    gmmfast("fit", photo, *QUICK, "-o", tmp_path / "m.npz")
    got = Mixture.load(tmp_path / "m.npz")
    want = fit_image(photo, 4, kind="color", max_iter=2)
    np.testing.assert_array_equal(got.means, want.means_)
    np.testing.assert_array_equal(got.covariances, want.covariances_)
