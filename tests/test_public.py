"""Tests of __init__.py and _lazy.py: public names are documented, and imports stay light."""

import pytest

import gmmfast


@pytest.mark.parametrize("name", gmmfast.__all__)
def test_every_public_name_has_a_docstring(name):
    assert name in dir(gmmfast)
    assert getattr(gmmfast, name).__doc__.strip()


def test_importing_the_package_loads_no_heavy_module(run_python):
    heavy = {"sklearn", "scipy", "matplotlib", "click", "rich", "PIL"}
    result = run_python(f"import sys, gmmfast; print(sorted({heavy} & set(sys.modules)))")
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr


def test_rendering_loads_no_heavy_module(run_python):
    code = (
        "import sys, gmmfast; gmmfast.render_grid(([1.0], [[0.0]], [1.0]), 3)\n"
        "print(sorted({'sklearn', 'scipy', 'click', 'rich', 'PIL'} & set(sys.modules)))"
    )
    result = run_python(code)
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr
