"""Tests of cli/group.py and cli/options.py: help, and refusals of all commands."""

import re

import pytest

from gmmfast.cli.group import COMMANDS


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
        (
            ["contour", "model.npz", "-k", "3"],
            2,
            "--n-components: expected together with a picture",
        ),
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
