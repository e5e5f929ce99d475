"""Tests of the installed distribution: the result of `pip install gmmfast`."""

import re
import tomllib
import zlib
from importlib import metadata
from pathlib import Path

import pytest

from gmmfast import _core, cli

CARGO = tomllib.loads((Path(__file__).parents[2] / "Cargo.toml").read_text())
DISTRIBUTION = metadata.distribution("gmmfast")
MEGABYTE = 1_000_000


def shipped(name):
    """Path of an installed file that the distribution's record lists."""
    found = [file for file in DISTRIBUTION.files if file.as_posix() == name]
    assert found, f"{name} is not in the distribution"
    return Path(found[0].locate())


def test_the_wheel_serves_every_python_from_3_11_on():
    tags = re.findall(r"^Tag: (.*)$", DISTRIBUTION.read_text("WHEEL"), flags=re.MULTILINE)
    assert tags
    assert all(tag.startswith("cp311-abi3-") for tag in tags), tags
    assert DISTRIBUTION.metadata["Requires-Python"] == ">=3.11"


def test_the_extension_is_small_and_for_the_stable_interface():
    names = ("gmmfast/_core.abi3.so", "gmmfast/_core.pyd")
    extension = Path(_core.__file__)
    assert extension.name in {Path(name).name for name in names}
    assert shipped(f"gmmfast/{extension.name}").samefile(extension)
    assert extension.stat().st_size < 2.5 * MEGABYTE
    assert len(zlib.compress(extension.read_bytes())) < 1.5 * MEGABYTE, "in a wheel"


@pytest.mark.parametrize("name", ["gmmfast/py.typed", "gmmfast/_core.pyi"])
def test_types_are_shipped(name):
    assert shipped(name).is_file()


def test_the_stub_names_what_the_extension_has():
    stub = shipped("gmmfast/_core.pyi").read_text()
    public = {name for name in vars(_core) if not name.startswith("__")} | {"__version__"}
    declared = set(re.findall(r"^(?:class|def) (\w+)|^(\w+):", stub, flags=re.MULTILINE))
    assert {one or other for one, other in declared} == public
    classes = [each for each in vars(_core).values() if isinstance(each, type)]
    methods = {name for each in classes for name in vars(each) if not name.startswith("__")}
    assert set(re.findall(r"^    def ([a-z]\w*)", stub, flags=re.MULTILINE)) == methods


def test_the_command_is_installed():
    (command,) = metadata.entry_points(group="console_scripts", name="gmmfast")
    assert command.dist.name == "gmmfast"
    assert command.load() is cli.main


def test_the_license_is_shipped_and_named():
    assert DISTRIBUTION.metadata["License-Expression"] == CARGO["package"]["license"]
    files = [file.name for file in DISTRIBUTION.files]
    assert "LICENSE" in files


def test_the_package_needs_no_more_than_it_says():
    needed = {r for r in DISTRIBUTION.requires if "extra ==" not in r}
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in needed}
    assert names == {"numpy", "scipy", "scikit-learn", "pillow"}


@pytest.mark.parametrize("name", ["sklearn", "scipy", "matplotlib", "click", "rich", "PIL"])
def test_importing_the_package_stays_light(run_python, name):
    code = f"import sys, gmmfast; print({name!r} in sys.modules)"
    result = run_python(code)
    assert (result.returncode, result.stdout) == (0, "False\n"), result.stderr


def test_rendering_imports_nothing_else(run_python):
    code = (
        "import sys, gmmfast; gmmfast.render_grid(([1.0], [[0.0]], [1.0]), 3)\n"
        "print(sorted({'sklearn', 'scipy', 'click', 'rich', 'PIL'} & set(sys.modules)))"
    )
    result = run_python(code)
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr
