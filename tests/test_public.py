"""Tests of __init__.py and _lazy.py: public names are documented, and imports stay light."""

import pytest

import gmmfast
from reference_pages import MODULES


@pytest.mark.parametrize("name", gmmfast.__all__)
def test_every_public_name_has_a_docstring(name):
    assert name in dir(gmmfast)
    assert getattr(gmmfast, name).__doc__.strip()


def test_modules_of_the_reference_are_attributes(run_python):
    names = [module.split(".")[1] for module in MODULES if "." in module]
    code = f"import gmmfast; print([getattr(gmmfast, name).__name__ for name in {names}])"
    result = run_python(code)
    assert result.stdout == f"{[f'gmmfast.{name}' for name in names]}\n", result.stderr


def test_a_module_without_its_extra_is_no_attribute(run_python):
    code = (
        "import sys; sys.modules['distributed'] = None\n"
        "import gmmfast; print(hasattr(gmmfast, 'dask')); gmmfast.dask"
    )
    result = run_python(code)
    assert result.stdout == "False\n"
    assert "pip install 'gmmfast[dask]'" in result.stderr.splitlines()[-1]


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
