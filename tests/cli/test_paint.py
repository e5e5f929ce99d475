"""Tests of cli/paint.py: paintings, their options, and refusals before the fit."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw
from sklearn.datasets import load_sample_image

from gmmfast import (
    Mixture,
    ToneCurve,
    _memory,
    fit_image,
    images,
    render_grid,
)
from gmmfast.cli.fitting import FitRequest
from gmmfast.cli.paint import Job, paint, paint_command
from gmmfast.fitting.gaussian import GaussianFit
from oracle.grid import render
from support.checks import check_levels
from support.commands import Outcome

QUICK = ["-k", "8", "--max-iter", "2"]

CHINA_SIZE, FLOWER_SIZE = (640, 427), (640, 427)


@pytest.fixture
def no_fit(monkeypatch):
    """Fail if a fit is begun: what can be refused is refused before."""
    begun = []
    monkeypatch.setattr(GaussianFit, "_fit_in_memory", lambda *_, **__: begun.append(True))
    yield
    assert not begun


@pytest.fixture
def drawing(tmp_path):
    """Black shapes on white, 90 x 60."""
    picture = Image.new("RGB", (90, 60), "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((10, 10, 40, 45), fill="black")
    draw.line((50, 5, 85, 55), fill="black", width=4)
    path = tmp_path / "drawing.png"
    picture.save(path)
    return path


@pytest.fixture
def photo(tmp_path):
    """A quarter of china.jpg each way, as a file."""
    path = tmp_path / "photo.png"
    Image.fromarray(load_sample_image("china.jpg")[::4, ::4]).save(path)
    return path


def report(stdout):
    """The report, one pair of label and rest a line."""
    return dict(line.split(maxsplit=1) for line in stdout.splitlines())


def check_painting(outcome, path, size):
    assert outcome.status == 0, outcome.stderr
    with Image.open(path) as painting:
        painting.load()
        assert (painting.format, painting.size) == ("PNG", size)
    told = report(outcome.stdout)
    assert told["painting"] == f"{size[0]} x {size[1]}, {path}"
    assert re.fullmatch(r"\d+\.\d\d dB against .*", told["PSNR"])
    for step in ("read", "fit", "render", "write"):
        assert re.fullmatch(r"\d+\.\d{3} s", told[step]), step
    return told


def test_without_a_picture_china_is_painted(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "gmmfast.cli", "paint", *QUICK, "-o", "china.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    outcome = Outcome(run.returncode, run.stdout, run.stderr)
    (tmp_path / "china.png").rename(tmp_path / "moved.png")
    assert [path.name for path in tmp_path.iterdir()] == ["moved.png"]
    assert outcome.status == 0
    told = report(outcome.stdout)
    assert told["picture"] == "640 x 427, 273,280 color points"
    assert told["painting"] == "640 x 427, china.png"
    assert told["components"].startswith("8,")
    assert told["iterations"] == "2"
    assert outcome.stderr == ""
    assert images.read_image(tmp_path / "moved.png").shape == (427, 640, 3)


def test_a_photograph_is_painted(gmmfast, tmp_path):
    Image.fromarray(load_sample_image("flower.jpg")).save(tmp_path / "flower.jpg", quality=95)
    outcome = gmmfast("paint", "flower.jpg", *QUICK, "-k", "20", "-o", "out.png")
    told = check_painting(outcome, "out.png", FLOWER_SIZE)
    assert told["components"].startswith("20,")
    assert told["picture"] == "640 x 427, 273,280 color points"


def test_a_criterion_chooses_the_number_of_components(gmmfast, tmp_path):
    pixels = np.full((40, 60, 3), [250, 240, 20], dtype=np.uint8)
    pixels[:, 30:] = [10, 60, 200]
    Image.fromarray(pixels).save(tmp_path / "flag.png")
    told = check_painting(
        gmmfast("paint", "flag.png", "-k", "icl", "-o", "o.png"), "o.png", (60, 40)
    )
    assert told["components"].startswith("10,")  # the fewest of 10, 20, 50, 100
    assert float(told["PSNR"].split()[0]) > 20


def test_the_default_is_what_fit_image_does_with_all_pixels(gmmfast, photo):
    told = check_painting(gmmfast("paint", photo, "-o", "o.png"), "o.png", (160, 107))
    model = fit_image(photo, kind="color")
    assert told["components"].startswith(f"{model.n_components},")
    assert told["iterations"] == str(model.n_iter_)
    levels = render_grid(model, (107, 160), dtype=np.uint8)
    np.testing.assert_array_equal(images.read_image("o.png"), levels)


@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
@pytest.mark.parametrize("n_components", [1, 8, 20])
def test_the_painting_is_the_mean_of_scikit_learns_own_parameters(n_components, name):
    pixels = images.read_image(load_sample_image(name))
    painting = paint(Job(FitRequest(pixels, n_components, max_iter=2), pixels.shape[:2]))
    fitted = painting.model
    mixture = Mixture(fitted.weights_, fitted.means_, fitted.covariances_)
    check_levels(painting.pixels, render(mixture, pixels.shape[:2], "mean"))
    error = np.mean((painting.pixels.astype(float) - pixels) ** 2)
    assert painting.psnr == pytest.approx(10 * np.log10(255**2 / error), abs=1e-6)
    assert painting.n_points == pixels.shape[0] * pixels.shape[1]
    assert {"fit", "render"} <= painting.seconds.keys()
    # The mean color of the picture is what one component can do at least.
    flat = 10 * np.log10(255**2 / np.var(pixels.reshape(-1, 3), axis=0).mean())
    assert painting.psnr > flat - 0.1


def test_ink_of_a_drawing_is_painted_dark_where_it_was(gmmfast, drawing):
    options = ["--ink", "-k", "20", "--max-iter", "5"]
    check = check_painting(gmmfast("paint", drawing, *options, "-o", "a.png"), "a.png", (90, 60))
    assert "ink points" in check["picture"]
    painted, original = images.read_image("a.png"), images.read_image(drawing)
    is_ink = original[..., 0] == 0
    assert painted[..., 0][is_ink].mean() < 100
    assert painted[..., 0][~is_ink].mean() > 200
    assert painted.min() == 0
    assert painted.max() == 255


def test_ink_of_a_photograph_is_painted(gmmfast):
    outcome = gmmfast("paint", "--ink", *QUICK, "-o", "ink.png")
    told = check_painting(outcome, "ink.png", CHINA_SIZE)
    assert told["PSNR"].endswith("its ink in black and white")
    with Image.open("ink.png") as painting:
        assert painting.mode == "L"


def test_the_ink_is_the_density_through_the_curve(drawing):
    pixels, tone = images.read_image(drawing), ToneCurve([(0, 0), (0.5, 1), (1, 1)])
    job = Job(FitRequest(pixels, 6, is_ink=True, max_iter=3, seed=1), (30, 45), tone)
    painting = paint(job)
    extent = [(-0.5, 89.5), (-0.5, 59.5)]
    density = render_grid(painting.model, (30, 45), extent=extent)
    darkness = np.interp(density / density.max(), [0, 0.5, 1], [0, 1, 1])
    np.testing.assert_array_equal(painting.pixels, np.rint(255 * (1 - darkness)))
    assert painting.n_points == np.count_nonzero(pixels[..., 0] == 0)


def test_threshold_and_tone_change_the_ink(gmmfast, photo):
    base = ["paint", photo, "--ink", *QUICK]
    points = {}
    for threshold in (40, 90):
        outcome = gmmfast(*base, "--threshold", threshold, "-o", "t.png")
        told = check_painting(outcome, "t.png", (160, 107))
        points[threshold] = int(re.search(r"([\d,]+) ink", told["picture"])[1].replace(",", ""))
    gray = np.asarray(Image.open(photo).convert("L"))
    assert points == {t: np.count_nonzero(gray <= t) for t in (40, 90)}
    check_painting(gmmfast(*base, "--tone", "linear", "-o", "l.png"), "l.png", (160, 107))
    check_painting(gmmfast(*base, "--tone", "0:1,1:0", "-o", "n.png"), "n.png", (160, 107))
    positive, negative = (images.read_image(name).astype(int) for name in ("l.png", "n.png"))
    assert np.abs(positive + negative - 255).max() <= 1  # halves round to even on both sides


@pytest.mark.parametrize(
    ("option", "size"),
    [
        (["--size", "200x77"], (200, 77)),
        (["--size", "1X1"], (1, 1)),
        (["--scale", "2"], (320, 214)),
        (["--scale", "0.5"], (80, 54)),
        (["--scale", "1e-9"], (1, 1)),
    ],
)
def test_the_painting_has_the_size_asked_for(gmmfast, photo, option, size):
    told = check_painting(gmmfast("paint", photo, *QUICK, *option, "-o", "s.png"), "s.png", size)
    # The PSNR compares at the picture's own size whatever the painting's.
    same = check_painting(gmmfast("paint", photo, *QUICK, "-o", "o.png"), "o.png", (160, 107))
    assert told["PSNR"] == same["PSNR"]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_painting(gmmfast, photo):
    for name, seed, n_threads in (("a.png", 5, 1), ("b.png", 5, 2), ("c.png", 6, 2)):
        options = ["--seed", seed, "--n-threads", n_threads, "-o", name]
        check_painting(gmmfast("paint", photo, *QUICK, *options), name, (160, 107))
    first, same, other = (Path(name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert first == same
    assert first != other


def test_an_existing_file_is_replaced(gmmfast, photo, tmp_path):
    (tmp_path / "old.png").write_bytes(b"old")
    check_painting(gmmfast("paint", photo, *QUICK, "-o", "old.png"), "old.png", (160, 107))
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "old.png"}


REFUSED = {
    "missing file": (["missing.jpg"], 1, "image: expected .*missing.jpg"),
    "folder": (["folder"], 1, "image: expected .*folder"),
    "truncated file": (["truncated.png"], 1, "image: expected .*truncated.png"),
    "text file": (["text.png"], 1, "image: expected .*text.png"),
    "no folder for the output": (["-o", "no/out.png"], 1, "--output: expected .*no.* missing"),
    "output is a folder": (["-o", "folder"], 1, "--output: expected .*is a folder"),
    "unknown extension": (["-o", "out.xyz"], 1, "--output: expected .*extension"),
    "no extension": (["-o", "out"], 1, "--output: expected .*extension"),
    **{f"size {s}": (["--size", s], 2, rf"'--size': expected WIDTHxHEIGHT.*'{s}'")
       for s in ("0x3", "3x", "-1x5", "x", "3", "3x4x5", "1.5x2", "axb")},
    "huge size": (["--size", "1000000x2000000"], 1, "--size: .*memory.*got 1000000x2000000, "),
    "huge scale": (["--scale", "1e5"], 1, "--scale: .*memory.*got 100000, .* 64000000x42700000, "),
    "endless size": (["--size", f"{10**200}x{10**200}"], 1, "--size: expected "),
    "size too long to read": (["--size", f"1x{'9' * 5000}"], 2, "'--size': expected WIDTHxHEIGHT"),
    **{f"scale {s}": (["--scale", s], 2, "--scale") for s in ("nan", "0", "inf", "-1", "two")},
    **{f"scale {s}": (["--scale", s], (1, 2), "--scale: expected")
       for s in ("1e9", "1e200", "1e308")},
    "size and scale": (["--size", "3x4", "--scale", "2"], 2, "--size and --scale"),
    "too many components": (["-k", "300000"], 1, "n_components: .*at most 273280.*got 300000;"),
    "too many digits": (["-k", "9" * 5000], 2, "--n-components': expected a number .*got '999"),
    **{f"{k} components": (["-k", k], 2, f"--n-components': expected a number .*got '{k}'")
       for k in ("0", "-1", "1.5", "best", "BIC")},
    "no iterations": (["--max-iter", "0"], 2, "--max-iter"),
    "negative seed": (["--seed", "-1"], 2, "--seed"),
    "no threads": (["--n-threads", "0"], 2, "--n-threads"),
    "too many components for the picture": (["gray.png", "-k", "101"], 1, "most 100.*got 101;"),
    "too wide for JPEG": (["-o", "o.jpg", "--size", "65501x1"], 1, "--output: .*JPEG.*65500 .*"),
    "too high for WEBP": (["-o", "o.webp", "--scale", "40"], 1, "--output: .*WEBP.*16383 .*"),
    "a palette": (["-o", "out.gif"], 1, "--output: expected .*extension"),
    "white paper": (["white.png", "--ink"], 1, "image: expected dark pixels"),
    "no ink so dark": (["gray.png", "--ink", "--threshold", "3"], 1, "image: expected .*<= "),
    "bad threshold": (["--ink", "--threshold", "300"], 2, "--threshold.*300"),
    "NaN threshold": (["--ink", "--threshold", "nan"], 1, "threshold: expected .*nan"),
    "bad tone": (["--ink", "--tone", "0:0,1"], 2, "--tone.*expected"),
    "tone beyond 1": (["--ink", "--tone", "0:0,1:2"], 2, "--tone.*expected"),
    "unknown option": (["--sharpen"], 2, "--sharpen"),
    "two pictures": (["gray.png", "white.png"], 2, "white.png"),
}  # fmt: skip


@pytest.mark.usefixtures("no_fit")
@pytest.mark.parametrize(("arguments", "status", "pattern"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_painted_is_refused_before_the_fit(
    gmmfast, tmp_path, arguments, status, pattern
):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.png").write_text("This is no picture.\n")
    Image.new("RGB", (30, 20), "white").save(tmp_path / "white.png")
    Image.fromarray(np.arange(100, 200, dtype=np.uint8).reshape(10, 10)).save(
        tmp_path / "gray.png"
    )
    whole = (tmp_path / "gray.png").read_bytes()
    (tmp_path / "truncated.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "painting.png").write_bytes(b"an earlier painting")
    before = {path.name for path in tmp_path.iterdir()}
    outcome = gmmfast("paint", *arguments)
    assert outcome.status in np.atleast_1d(status), outcome.stderr
    assert re.search(pattern, outcome.stderr, flags=re.DOTALL), outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "fitting" not in outcome.stderr
    assert outcome.stdout == ""
    assert {path.name for path in tmp_path.iterdir()} == before
    assert (tmp_path / "painting.png").read_bytes() == b"an earlier painting"


@pytest.mark.usefixtures("no_fit")
@pytest.mark.parametrize(
    ("options", "available", "pattern"),
    [
        ([], 33_000_000, r"image: .*memory.*picture of 640x427, which needs 0\.03 GiB; shrink"),
        (["--ink"], 8_000_000, r"image: .*memory.*got 640x427, which needs 0\.01 GiB"),
        (["--size", "2000x2000"], 11_900_000, "--size: .*memory.*got 2000x2000, "),
        (["--scale", "2.5", "--ink"], 11_900_000, "--scale: .*got 2.5, which makes 1600x1068, "),
    ],
)
def test_the_memory_of_points_and_painting_is_asked_before_either_is_made(
    gmmfast, monkeypatch, options, available, pattern
):
    monkeypatch.setattr(_memory, "SMALL", 0)
    monkeypatch.setattr(_memory, "available_bytes", lambda: available)
    for name in ("color_points", "ink_points", "weighted_ink_points"):
        monkeypatch.setattr(images, name, lambda *_: pytest.fail("the points were made"))
    outcome = gmmfast("paint", *options)
    assert outcome.status == 1
    assert re.search(pattern, outcome.stderr), outcome.stderr


@pytest.mark.parametrize("options", [["dot.png", "-k", "1"], ["black.png", "--ink"]])
def test_a_single_point_is_refused_in_the_words_of_the_command(gmmfast, tmp_path, options):
    Image.new("RGB", (1, 1), "red").save(tmp_path / "dot.png")
    levels = np.array([[0, 255, 255]], dtype=np.uint8)
    Image.fromarray(levels).save(tmp_path / "black.png")
    outcome = gmmfast("paint", *options)
    assert outcome.status == 1
    assert re.search(r"expected at least .*got 1", outcome.stderr), outcome.stderr
    assert not (tmp_path / "painting.png").exists()


def test_a_sharp_painting_is_closer_than_a_soft_one(tmp_path, photo):
    def psnr_of(*options):
        command = ["paint", str(photo), "-k", "60", "--max-iter", "20", *options, "-o", "a.png"]
        run = subprocess.run(
            [sys.executable, "-m", "gmmfast.cli", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return float(report(run.stdout)["PSNR"].split()[0])

    soft, between = psnr_of(), psnr_of("--softness", "0.4")
    sharp = psnr_of("--sharp")
    assert soft < between < sharp


def test_a_painting_has_the_psnr_that_is_asked_for(photo, tmp_path):
    names = ["--psnr", "19", "-o", str(tmp_path / "a.png")]
    run = CliRunner().invoke(paint_command, [str(photo), *names])
    assert run.exit_code == 0, run.output
    assert float(report(run.stdout)["PSNR"].split()[0]) >= 19


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--psnr", "30", "-k", "9"], "--psnr: expected without -k and --softness"),
        (["--psnr", "30", "--ink"], "--sharp: expected a painting in color"),
        (["--sharp", "--ink"], "--sharp: expected a painting in color"),
        (["--time", "10x"], "expected a duration such as 10s or 2m, got '10x'"),
        (["--softness", "2"], "2"),
    ],
)
def test_options_of_sharpness_are_checked_before_the_fit(photo, no_fit, options, message):
    del no_fit
    refused = CliRunner().invoke(paint_command, [str(photo), *options])
    assert refused.exit_code == 2
    assert message in " ".join(refused.output.split())
