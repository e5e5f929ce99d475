"""Promises of the commands beside `paint`, and of what all commands share.

Every output is decoded and compared with the arrays that it came from.
"""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features
from sklearn.datasets import load_sample_image

from conftest import Outcome
from gmmfast import Mixture, fit_image, images, render_grid
from gmmfast.cli import outputs
from gmmfast.cli.group import COMMANDS
from gmmfast.plot import PALETTES
from gmmfast.styles import STYLES, channel_pictures
from gmmfast.tone import DEFAULT_TONE

QUICK = ["-k", "12", "--max-iter", "3"]


@pytest.fixture
def photo(tmp_path):
    """An eighth of china.jpg each way, as a file: 80 x 54."""
    path = tmp_path / "photo.png"
    Image.fromarray(load_sample_image("china.jpg")[::8, ::8]).save(path)
    return path


@pytest.fixture(scope="session")
def fitted():
    """What `gmmfast fit photo.png -k 12 --max-iter 3` fits."""
    pixels = np.ascontiguousarray(load_sample_image("china.jpg")[::8, ::8])
    return Mixture.from_model(fit_image(pixels, 12, kind="color", max_iter=3))


@pytest.fixture
def model(tmp_path, fitted):
    path = tmp_path / "model.npz"
    fitted.save(path)
    return path


@pytest.fixture
def ink_model(tmp_path):
    path = tmp_path / "ink.npz"
    covariances = [[[9.0, 4.0], [4.0, 6.0]], [[4.0, 0.0], [0.0, 25.0]]]
    extent = [(-0.5, 29.5), (-0.5, 19.5)]
    Mixture([0.4, 0.6], [[8.0, 6.0], [22.0, 14.0]], covariances, extent=extent).save(path)
    return path


def run(*arguments, stdin=b"", cwd=None, stdout=subprocess.PIPE):
    """Run the command in a process of its own, with bytes through its pipes."""
    process = subprocess.run(
        [sys.executable, "-m", "gmmfast.cli", *map(str, arguments)],
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        check=False,
        timeout=60,
    )
    return Outcome(process.returncode, process.stdout, process.stderr.decode())


def check_same(path, expected):
    np.testing.assert_array_equal(images.read_image(path), as_rgb(expected))


def as_rgb(pixels):
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


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
    result = run_python(code, GMMFAST_BACKEND=None)
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
def test_a_photograph_is_painted_in_a_style(gmmfast, photo, fitted, style):
    outcome = gmmfast("paint", photo, *QUICK, "--style", style, "-o", "out.png")
    assert outcome.status == 0, outcome.stderr
    check_same("out.png", STYLES[style](fitted, (54, 80)))
    plain = gmmfast("paint", photo, *QUICK, "-o", "plain.png")
    psnr = [re.search(r"PSNR +(\S+)", each.stdout)[1] for each in (outcome, plain)]
    assert psnr[0] == psnr[1]  # a style is compared by what it is a style of


def test_several_outputs_come_of_one_fit_each_in_its_format(gmmfast, photo, fitted):
    names = ["a.png", "b.tif", "c.webp", "d.jpg", "e.npy", "f.npz"]
    names += ["g.avif"] * features.check("avif")
    outcome = gmmfast("paint", photo, *QUICK, *(part for name in names for part in ("-o", name)))
    assert outcome.status == 0, outcome.stderr
    assert outcome.stdout.count("fit  ") == 1
    levels = render_grid(fitted, (54, 80), dtype=np.uint8)
    for name in ("a.png", "b.tif", "c.webp"):
        check_same(name, levels)
    for name in names[3:4] + names[6:]:  # 35 dB: no loss that one sees
        assert images.psnr(images.read_image(name), levels) > 35, name
    formats = ["PNG", "TIFF", "WEBP", "JPEG", "AVIF"]
    for name, format_ in zip(names[:4] + names[6:], formats, strict=False):
        with Image.open(name) as picture:
            assert picture.format == format_
    values = render_grid(fitted, (54, 80))
    np.testing.assert_array_equal(np.load("e.npy"), values)
    np.testing.assert_array_equal(np.load("f.npz")["mean"], values)


def test_a_drawing_of_a_photograph_is_painted(gmmfast, tmp_path):
    pixels = np.ascontiguousarray(load_sample_image("flower.jpg")[::4, ::4])
    Image.fromarray(pixels).save(tmp_path / "flower.png")
    outcome = gmmfast("paint", "flower.png", "--drawing", *QUICK, "-o", "out.png")
    assert outcome.status == 0, outcome.stderr
    model = fit_image(images.line_drawing(pixels), 12, threshold="otsu", max_iter=3)
    check_same("out.png", DEFAULT_TONE.picture(render_grid(model, pixels.shape[:2])))


def test_a_style_has_its_own_curve(gmmfast, photo):
    outcome = gmmfast("paint", photo, "--ink", "--style", "ink", "--tone", "linear")
    assert outcome.status == 2
    assert "--tone and --style: expected at most one" in outcome.stderr


# --- fit, render, info -----------------------------------------------------------------------


def test_a_fit_is_kept_and_rendered_as_paint_would(gmmfast, photo, fitted):
    outcome = gmmfast("fit", photo, *QUICK, "-o", "m.npz", "-o", "n.npz")
    assert outcome.status == 0, outcome.stderr
    kept = Mixture.load("m.npz")
    np.testing.assert_array_equal(kept.means, fitted.means)
    assert kept.extent == fitted.extent == ((-0.5, 79.5), (-0.5, 53.5))
    assert Path("m.npz").read_bytes() == Path("n.npz").read_bytes()
    assert gmmfast("render", "m.npz", "-o", "r.png").status == 0
    assert gmmfast("paint", photo, *QUICK, "-o", "p.png").status == 0
    assert Path("r.png").read_bytes() == Path("p.png").read_bytes()


@pytest.mark.parametrize("quantity", ["mean", "std", "density", "log_density", "label", "entropy"])
def test_quantities_are_rendered_raw_and_as_pictures(gmmfast, model, fitted, quantity):
    options = ["--quantity", quantity, "--scale", "0.5", "-o", "q.npy", "-o", "q.png"]
    outcome = gmmfast("render", model, *options)
    assert outcome.status == 0, outcome.stderr
    values = render_grid(fitted, (27, 40), quantity=quantity)
    np.testing.assert_array_equal(np.load("q.npy"), values)
    means = np.rint(np.clip(fitted.means[:, 2:], 0, 255))
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


# --- contour, ellipses, channels, select, convert --------------------------------------------


def test_contours_are_art_vectors_and_arrays(gmmfast, ink_model):
    options = ["--size", "150x100", "--levels", "4", "--palette", "ember"]
    outcome = gmmfast("contour", ink_model, *options, "-o", "c.png", "-o", "c.svg", "-o", "c.npz")
    assert outcome.status == 0, outcome.stderr
    arrays = np.load("c.npz")
    mixture = Mixture.load(ink_model)
    expected = render_grid(mixture, (100, 150), quantity="log_density")
    np.testing.assert_array_equal(arrays["log_density"], expected)
    assert len(arrays["levels"]) == 4
    drawn = images.read_image("c.png").astype(int)
    assert drawn.shape == (100, 150, 3)
    paper = np.array(list(bytes.fromhex(PALETTES["ember"].paper[1:])))
    is_line = np.abs(drawn - paper).max(axis=-1) > 20
    # Lines are where neighbours lie on both sides of a level, or next to it.
    crossed = np.zeros((100, 150), bool)
    for level in arrays["levels"]:
        above = expected > level
        crossed[:, :-1] |= above[:, :-1] != above[:, 1:]
        crossed[:-1] |= above[:-1] != above[1:]
    near = np.zeros_like(crossed)
    for row, column in np.ndindex(5, 5):
        near |= np.roll(crossed, (row - 2, column - 2), (0, 1))
    assert is_line.sum() > 100
    assert not (is_line & ~near).any()
    vectors = Path("c.svg").read_text()
    assert vectors.count("<path") >= 4
    assert "<image" not in vectors
    assert re.search(r'viewBox="0 0 108 72"', vectors)  # points of 1/72 inch


def test_vectors_have_the_same_bytes_each_time(gmmfast, ink_model):
    for name in ("a.svg", "b.svg"):
        assert gmmfast("contour", ink_model, "--filled", "-o", name).status == 0
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()


@pytest.mark.parametrize("kind", ["photograph", "drawing"])
def test_contours_of_a_picture_are_of_its_ink(gmmfast, photo, kind, tmp_path):
    pixels = images.line_drawing(images.read_image(photo))
    if kind == "drawing":
        Image.fromarray(pixels).save(tmp_path / "drawing.png")
        photo = tmp_path / "drawing.png"
    assert gmmfast("contour", photo, *QUICK, "-o", "c.npy").status == 0
    model = fit_image(pixels, 12, threshold="otsu", max_iter=3)
    expected = render_grid(model, (54, 80), quantity="log_density")
    np.testing.assert_array_equal(np.load("c.npy"), expected)


def test_ellipses_are_where_the_components_are(gmmfast, model, fitted):
    names = [part for name in ("e.png", "e.svg", "e.npz") for part in ("-o", name)]
    outcome = gmmfast("ellipses", model, "--n-std", "1.5", *names)
    assert outcome.status == 0, outcome.stderr
    arrays, expected = np.load("e.npz"), fitted.error_ellipses(1.5)
    for name, values in expected._asdict().items():
        np.testing.assert_array_equal(arrays[name], values)
    np.testing.assert_array_equal(arrays["colors"], np.rint(np.clip(fitted.means[:, 2:], 0, 255)))
    assert images.read_image("e.png").shape == (54, 80, 3)
    assert Path("e.svg").read_text().count("<use") + Path("e.svg").read_text().count("<path") >= 12


@pytest.mark.parametrize("grey", [False, True])
def test_channels_are_shown_side_by_side(gmmfast, photo, grey):
    options = ["--grey"] * grey
    assert gmmfast("channels", photo, *options, "-o", "c.png", "-o", "c.npy").status == 0
    pixels, picture = images.read_image(photo), images.read_image("c.png")
    np.testing.assert_array_equal(np.load("c.npy"), pixels.transpose(2, 0, 1))
    gap = round(0.03 * 54)
    assert picture.shape == (54, 3 * 80 + 2 * gap, 3)
    shown = np.repeat(pixels.transpose(2, 0, 1)[..., None], 3, axis=-1)
    shown = shown if grey else channel_pictures(pixels)
    for channel in range(3):
        left = channel * (80 + gap)
        np.testing.assert_array_equal(picture[:, left : left + 80], shown[channel])
    assert (picture[:, 80 : 80 + gap] == 255).all()


def test_a_criterion_is_tabled_and_drawn(gmmfast, photo):
    options = [
        "--candidates",
        "2,4,8",
        "--max-iter",
        "3",
        "--criterion",
        "aic",
        "--criterion",
        "bic",
    ]
    names = [part for name in ("s.npz", "s.png", "s.svg") for part in ("-o", name)]
    outcome = gmmfast("select", photo, *options, *names)
    assert outcome.status == 0, outcome.stderr
    scores = np.load("s.npz")
    assert scores["n_components"].tolist() == [2, 4, 8]
    for column, criterion in enumerate(("aic", "bic")):
        fitted = fit_image(photo, criterion, kind="color", candidates=[2, 4, 8], max_iter=3)
        np.testing.assert_allclose(scores[criterion], fitted.selection_.scores, rtol=1e-9)
        rows = [line.split() for line in outcome.stdout.splitlines()[1:]]
        best = [int(row[0]) for row in rows if row[1 + column].endswith("*")]
        assert best == [fitted.selection_.best]
    assert images.read_image("s.png").shape == (420, 640, 3)
    assert gmmfast("select", photo, *options[:4]).status == 0  # the table alone


def test_pictures_and_arrays_are_converted_into_each_other(gmmfast, photo):
    assert gmmfast("convert", photo, "a.npy", "a.tif", "a.webp").status == 0
    pixels = images.read_image(photo)
    np.testing.assert_array_equal(np.load("a.npy"), pixels)
    check_same("a.tif", pixels)
    assert gmmfast("convert", "a.npy", "b.png", "--scale", "0.5").status == 0
    half = Image.fromarray(pixels).resize((40, 27), Image.Resampling.LANCZOS)
    check_same("b.png", np.asarray(half))
    assert gmmfast("convert", photo, "d.png", "--drawing", "--detail", "0.8").status == 0
    check_same("d.png", images.line_drawing(pixels, 1.5, 0.8))


# --- pipes, interruptions, disks -------------------------------------------------------------


def test_a_picture_goes_through_pipes(photo, fitted, tmp_path):
    options = [*QUICK, "-o", "-", "-o", tmp_path / "file.png"]
    outcome = run("paint", "-", *options, stdin=photo.read_bytes())
    assert outcome.status == 0, outcome.stderr
    levels = render_grid(fitted, (54, 80), dtype=np.uint8)
    check_same(io.BytesIO(outcome.stdout), levels)
    check_same(tmp_path / "file.png", levels)
    assert "PSNR" in outcome.stderr  # the report makes way
    refused = run("paint", "-", stdin=b"no picture", cwd=tmp_path)
    assert refused.status == 1
    assert "image: expected a picture that can be read, got the file 'standard input'" in (
        refused.stderr
    )


def test_a_damaged_model_in_a_pipe_is_refused_by_the_name_of_the_pipe(model):
    refused = run("render", "-", "-o", "-", stdin=model.read_bytes()[:-200])
    assert (refused.status, refused.stdout) == (1, b"")
    assert "'standard input'" in refused.stderr


def test_a_model_goes_through_pipes(photo, fitted):
    kept = run("fit", photo, *QUICK, "-o", "-")
    assert kept.status == 0, kept.stderr
    rendered = run("render", "-", "-o", "-", stdin=kept.stdout)
    assert rendered.status == 0, rendered.stderr
    check_same(io.BytesIO(rendered.stdout), render_grid(fitted, (54, 80), dtype=np.uint8))


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_pipe_that_nobody_reads_ends_quietly(photo):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        outcome = run("paint", photo, *QUICK, "-o", "-", stdout=writer)
    finally:
        os.close(writer)
    assert outcome.status == 141
    assert "Traceback" not in outcome.stderr
    assert "Exception ignored" not in outcome.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["channels", "-o", "-"], ["info", "photo.png"]])
def test_a_full_disk_behind_standard_output_is_told(photo, tmp_path, arguments):
    assert photo.exists()
    with Path("/dev/full").open("wb") as full:
        outcome = run(*arguments, stdout=full, cwd=tmp_path)
    assert outcome.status == 1
    assert "No space left on device" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "Exception ignored" not in outcome.stderr


def test_a_full_disk_leaves_all_old_files(gmmfast, photo, monkeypatch, tmp_path):
    for name in ("a.png", "b.npy"):
        (tmp_path / name).write_bytes(b"old")
    before = {path.name for path in tmp_path.iterdir()}

    def fail(file, *_rest, **_options):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs.np, "save", fail)
    outcome = gmmfast("channels", photo, "-o", "a.png", "-o", "b.npy")
    assert outcome.status == 1
    assert "No space left on device" in outcome.stderr
    assert {path.name for path in tmp_path.iterdir()} == before
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.npy").read_bytes() == b"old"


# Says when the slow part begins that the test interrupts.
SLOW = """
import sys, time
from gmmfast import cli
from gmmfast.cli import outputs

def slow(self, artwork):
    real(self, artwork)

def encode(self, file, extension):
    print("now", file=sys.stderr, flush=True)
    file.write(b"half")
    time.sleep(30)

real = outputs.Outputs.write
outputs._Encoder.encode = encode
cli.main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupt_while_writing_ends_with_130_and_without_a_partial_file(tmp_path, photo):
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "channels", str(photo), "-o", "out.png"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr.readline() == "now\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert stderr.strip() == "gmmfast: interrupted"
    assert [path.name for path in tmp_path.iterdir()] == [photo.name]


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
@pytest.mark.parametrize("no_color", [False, True])
def test_progress_is_shown_on_a_terminal_and_without_colours_if_asked(photo, tmp_path, no_color):
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    if no_color:
        environment["NO_COLOR"] = "1"
    process = subprocess.Popen(
        [sys.executable, "-m", "gmmfast.cli", "paint", str(photo), "-k", "60", "-o", "out.png"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=slave,
    )
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:  # Linux: the other end is closed
        pass
    finally:
        os.close(master)
        process.wait(timeout=60)
    assert process.returncode == 0
    assert b"fitting" in shown
    has_colours = re.search(rb"\x1b\[[\d;]*3\dm|\x1b\[38;", shown) is not None
    assert has_colours is not no_color
