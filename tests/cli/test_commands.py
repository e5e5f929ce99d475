"""Promises of all commands' help, of paint's styles and outputs, and of fit, render and info.

Every output is decoded and compared with the arrays that it came from.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features
from sklearn.datasets import load_sample_image

from gmmfast import Mixture, fit_image, images, render_grid
from gmmfast.cli.group import COMMANDS
from gmmfast.styles import STYLES
from gmmfast.tone import DEFAULT_TONE
from support.checks import as_rgb, check_same
from support.commands import QUICK_FIT

# --- help ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(gmmfast, name):
    told = gmmfast(name, "--help")
    assert (told.status, told.stderr) == (0, "")
    assert f"gmmfast {name} " in told.stdout.split("Examples:")[1]
    for example in re.findall(rf"^ +gmmfast {name} (.*)", told.stdout, flags=re.MULTILINE):
        for option in re.findall(r"(?<!\S)--?[a-z][\w-]*", example.split("|")[0]):
            assert re.search(rf"(?<![\w-]){option}\b", told.stdout.split("Options:")[1]), option


def test_the_list_of_commands_imports_none_of_them(run_python):
    code = (
        "import sys, gmmfast.cli\nsys.argv = ['gmmfast', '--help']\ngmmfast.cli.main()\n"
        "heavy = {'PIL', 'sklearn', 'scipy', 'matplotlib', 'gmmfast.cli.paint'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"
    for name, line in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", result.stdout, flags=re.MULTILINE)


def test_an_unknown_command_is_wrong_usage(gmmfast):
    outcome = gmmfast("varnish")
    assert outcome.status == 2
    assert "varnish" in outcome.stderr


# --- paint: styles and outputs ---------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_a_photograph_is_painted_in_a_style(gmmfast, photo, photo_mixture, style):
    outcome = gmmfast("paint", photo, *QUICK_FIT, "--style", style, "-o", "out.png")
    assert outcome.status == 0, outcome.stderr
    check_same("out.png", STYLES[style](photo_mixture, (54, 80)))
    plain = gmmfast("paint", photo, *QUICK_FIT, "-o", "plain.png")
    psnr = [re.search(r"PSNR +(\S+)", each.stdout)[1] for each in (outcome, plain)]
    assert psnr[0] == psnr[1]  # a style is compared by what it is a style of


def test_several_outputs_come_of_one_fit_each_in_its_format(gmmfast, photo, photo_mixture):
    names = ["a.png", "b.tif", "c.webp", "d.jpg", "e.npy", "f.npz"]
    names += ["g.avif"] * features.check("avif")
    options = [*QUICK_FIT, *(part for name in names for part in ("-o", name))]
    outcome = gmmfast("paint", photo, *options)
    assert outcome.status == 0, outcome.stderr
    assert outcome.stdout.count("fit  ") == 1
    levels = render_grid(photo_mixture, (54, 80), dtype=np.uint8)
    for name in ("a.png", "b.tif", "c.webp"):
        check_same(name, levels)
    for name in names[3:4] + names[6:]:  # 35 dB: no loss that one sees
        assert images.psnr(images.read_image(name), levels) > 35, name
    formats = ["PNG", "TIFF", "WEBP", "JPEG", "AVIF"]
    for name, format_ in zip(names[:4] + names[6:], formats, strict=False):
        with Image.open(name) as picture:
            assert picture.format == format_
    values = render_grid(photo_mixture, (54, 80))
    np.testing.assert_array_equal(np.load("e.npy"), values)
    np.testing.assert_array_equal(np.load("f.npz")["mean"], values)


def test_a_drawing_of_a_photograph_is_painted(gmmfast, tmp_path):
    pixels = np.ascontiguousarray(load_sample_image("flower.jpg")[::4, ::4])
    Image.fromarray(pixels).save(tmp_path / "flower.png")
    outcome = gmmfast("paint", "flower.png", "--drawing", *QUICK_FIT, "-o", "out.png")
    assert outcome.status == 0, outcome.stderr
    model = fit_image(images.line_drawing(pixels), 12, threshold="otsu", max_iter=3)
    check_same("out.png", DEFAULT_TONE.picture(render_grid(model, pixels.shape[:2])))


def test_a_style_has_its_own_curve(gmmfast, photo):
    outcome = gmmfast("paint", photo, "--ink", "--style", "ink", "--tone", "linear")
    assert outcome.status == 2
    assert "--tone and --style: expected at most one" in outcome.stderr


# --- fit, render, info -----------------------------------------------------------------------


def test_a_fit_is_kept_and_rendered_as_paint_would(gmmfast, photo, photo_mixture):
    outcome = gmmfast("fit", photo, *QUICK_FIT, "-o", "m.npz", "-o", "n.npz")
    assert outcome.status == 0, outcome.stderr
    kept = Mixture.load("m.npz")
    np.testing.assert_array_equal(kept.means, photo_mixture.means)
    assert kept.extent == photo_mixture.extent == ((-0.5, 79.5), (-0.5, 53.5))
    assert Path("m.npz").read_bytes() == Path("n.npz").read_bytes()
    assert gmmfast("render", "m.npz", "-o", "r.png").status == 0
    assert gmmfast("paint", photo, *QUICK_FIT, "-o", "p.png").status == 0
    assert Path("r.png").read_bytes() == Path("p.png").read_bytes()


@pytest.mark.parametrize("quantity", ["mean", "std", "density", "log_density", "label", "entropy"])
def test_quantities_are_rendered_raw_and_as_pictures(gmmfast, model, photo_mixture, quantity):
    options = ["--quantity", quantity, "--scale", "0.5", "-o", "q.npy", "-o", "q.png"]
    outcome = gmmfast("render", model, *options)
    assert outcome.status == 0, outcome.stderr
    values = render_grid(photo_mixture, (27, 40), quantity=quantity)
    np.testing.assert_array_equal(np.load("q.npy"), values)
    means = np.rint(np.clip(photo_mixture.means[:, 2:], 0, 255))
    expected = {
        "mean": lambda: np.rint(np.clip(values, 0, 255)),
        "std": lambda: np.rint(values * (255 / values.max())),
        "density": lambda: DEFAULT_TONE.picture(values),
        "log_density": lambda: np.rint(255 * (values.max() - values) / np.ptp(values)),
        "label": lambda: means[values],
        "entropy": lambda: np.rint(values * (255 / values.max())),
    }[quantity]()
    difference = images.read_image("q.png").astype(int) - as_rgb(expected)
    assert np.abs(difference).max() <= (1 if quantity == "log_density" else 0)


def test_a_sample_is_the_painting_of_its_seed(gmmfast, model, photo_mixture):
    for seed, options in ((0, []), (7, ["--seed", "7"])):
        outcome = gmmfast(
            "render", model, "--quantity", "sample", *options, "-o", "s.npy", "-o", "s.png"
        )
        assert outcome.status == 0, outcome.stderr
        drawn = {"quantity": "sample", "random_state": seed}
        np.testing.assert_array_equal(
            np.load("s.npy"), render_grid(photo_mixture, (54, 80), **drawn)
        )
        check_same("s.png", render_grid(photo_mixture, (54, 80), **drawn, dtype=np.uint8))


def test_ink_is_rendered_through_the_curve_or_in_a_style(gmmfast, ink_model):
    mixture = Mixture.load(ink_model)
    assert gmmfast("render", ink_model, "--size", "60x40", "-o", "a.png").status == 0
    check_same("a.png", DEFAULT_TONE.picture(render_grid(mixture, (40, 60))))
    assert gmmfast("render", ink_model, "--style", "charcoal", "-o", "b.png").status == 0
    check_same("b.png", STYLES["charcoal"](mixture, (20, 30)))
    assert gmmfast("render", ink_model, "--quantity", "label", "-o", "c.png").status == 0
    labels, picture = render_grid(mixture, (20, 30), quantity="label"), images.read_image("c.png")
    assert len({tuple(color) for color in picture[labels == 0]}) == 1
    assert (picture[labels == 0][0] != picture[labels == 1][0]).any()


def test_a_model_without_a_picture_needs_a_size(gmmfast, tmp_path):
    Mixture([1.0], [[3.0, 4.0]], [2.0]).save(tmp_path / "m.npz")
    refused = gmmfast("render", "m.npz", "-o", "o.png")
    assert refused.status == 2
    assert "--size: expected WIDTHxHEIGHT" in refused.stderr
    assert gmmfast("render", "m.npz", "--size", "9x7", "-o", "o.png").status == 0
    assert images.read_image("o.png").shape == (7, 9, 3)


@pytest.mark.parametrize(
    ("arguments", "status", "pattern"),
    [
        (["render", "photo.png"], 1, "path: expected a file that Mixture.save wrote"),
        (["render", "missing.npz"], 1, "missing.npz"),
        (["render", "ink.npz", "--quantity", "mean"], 2, "--quantity: expected one that ink has"),
        (
            ["render", "ink.npz", "--quantity", "sample"],
            2,
            "--quantity: expected one that ink has",
        ),
        (["render", "ink.npz", "--style", "ink", "--quantity", "label"], 2, "--quantity and --st"),
        (["render", "model.npz", "-o", "a.svg"], 1, "--output: expected .*extension"),
        (["render", "model.npz", "-o", "a.png", "-o", "a.png"], 2, "--output: .*twice"),
        (["render", "model.npz", "-o", "no/a.png"], 1, "--output: .*missing"),
        (["render", "model.npz", "--size", "9000000x9000000"], 1, "--size: .*memory"),
        (["fit", "photo.png", "-o", "m.png"], 1, "--output: .*end the name in .npz"),
        (["fit", "photo.png", "-o", "no/m.npz"], 1, "--output: .*missing"),
        (["contour", "model.npz", "-k", "3"], 2, "--n-components: expected a picture to fit"),
        (["contour", "photo.png", "--palette", "plaid"], 2, "--palette"),
        (["contour", "photo.png", "--levels", "0"], 2, "--levels"),
        (["ellipses", "photo.png", "--n-std", "0"], 2, "--n-std"),
        (["select", "photo.png", "--candidates", "1,,2"], 2, "--candidates"),
        (["select", "photo.png", "--candidates", "0"], 2, "--candidates"),
        (["convert", "photo.png"], 2, "OUTPUTS"),
        (["convert", "photo.npy", "o.png"], 1, "photo.npy"),
        (["slices", "ink.npz", "--at", "1,nan"], 2, "--at"),
        (["info", "missing.png"], 1, "image: expected .*missing.png"),
    ],
)
def test_what_cannot_be_done_is_refused_and_writes_nothing(
    gmmfast, tmp_path, photo, model, ink_model, arguments, status, pattern
):
    assert photo.exists()
    assert model.exists()
    assert ink_model.exists()
    before = {path.name for path in tmp_path.iterdir()}
    outcome = gmmfast(*arguments)
    assert outcome.status == status, outcome.stderr
    assert re.search(pattern, outcome.stderr, flags=re.DOTALL), outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert {path.name for path in tmp_path.iterdir()} == before


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
