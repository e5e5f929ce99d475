"""The installed distribution has every file of the package, and patches without an import."""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "python"

#: The endings of compiled modules.
EXTENSIONS = (".so", ".pyd")


@pytest.fixture(scope="module")
def installed():
    """The files of the installed distribution, relative to site-packages."""
    try:
        files = distribution("gmmfast").files or []
    except PackageNotFoundError:
        files = []
    names = {path.as_posix() for path in files}
    if "gmmfast/__init__.py" not in names:
        pytest.skip("gmmfast runs from its sources, which have no record of installed files")
    return names


def test_every_source_is_installed(installed):
    sources = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", *EXTENSIONS)
    }
    assert {
        "gmmfast_autopatch.pth",
        "gmmfast_autopatch.py",
        "gmmfast/py.typed",
        "gmmfast/_core.pyi",
        "gmmfast/viewer/page/page.html",
        "gmmfast/viewer/page/main.js",
    } <= sources
    assert not sources - installed


def test_the_extension_is_installed(installed):
    cores = [name for name in installed if name.startswith("gmmfast/_core.")]
    assert sum(name.endswith(EXTENSIONS) for name in cores) == 1, cores


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("value", "module"), [("1", "gmmfast"), (None, "sklearn")])
def test_the_variable_alone_patches_an_installed_gmmfast(run_python, value, module):
    code = "from sklearn.mixture import GaussianMixture as G; print(G.__module__.split('.')[0])"
    result = run_python(code, GMMFAST_PATCH_SKLEARN=value)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{module}\n", "")


@pytest.mark.usefixtures("installed")
def test_a_plain_installation_has_what_the_command_imports():
    requirements = distribution("gmmfast").requires or []
    plain = {re.split(r"[^\w-]", line)[0] for line in requirements if "extra ==" not in line}
    assert plain == {"numpy", "scipy", "scikit-learn", "pillow", "click"}
