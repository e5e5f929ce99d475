"""Tests of `%load_ext gmmfast` and `%%gmmfast.profile` in __init__.py."""

import pytest

SHELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
def run(cell):
    shell.run_cell(cell).raise_error()
"""
STUB = """
from types import SimpleNamespace
class Shell:
    magics_manager = SimpleNamespace(magics={"cell": {}})
    def register_magic_function(self, function, kind, name):
        self.magics_manager.magics[kind][name] = function
    def run_cell(self, cell):
        exec(cell, globals())
        return SimpleNamespace(raise_error=lambda: None)
shell = Shell()
"""


def test_a_notebook_is_patched_by_the_extension_and_has_the_magic(run_python):
    code = """
import gmmfast
from sklearn.mixture import GaussianMixture
gmmfast.load_ipython_extension(shell)
assert GaussianMixture is gmmfast.GaussianMixture
shell.magics_manager.magics["cell"]["gmmfast.profile"]("", "GaussianMixture().fit([[0.0], [1.0]])")
gmmfast.unload_ipython_extension(shell)
assert GaussianMixture is not gmmfast.GaussianMixture
assert shell.magics_manager.magics["cell"] == {}
"""
    result = run_python(STUB + code)
    assert (result.returncode, result.stderr) == (0, "")
    assert "\nGaussianMixture.fit            1" in result.stdout


def test_ipython_loads_the_extension(run_python, tmp_path):
    pytest.importorskip("IPython")
    code = """
run("from sklearn.mixture import GaussianMixture as GM")
for magic in ("load_ext", "unload_ext", "load_ext", "reload_ext"):
    shell.run_line_magic(magic, "gmmfast")
    run("print(GM.__module__.split('.')[0])")
"""
    result = run_python(SHELL + code, IPYTHONDIR=str(tmp_path))
    assert result.stdout.split() == ["gmmfast", "sklearn", "gmmfast", "gmmfast"], result.stderr


def test_ipython_profiles_a_cell(run_python, tmp_path):
    pytest.importorskip("IPython")
    code = """
run("%load_ext gmmfast")
run("%%gmmfast.profile\\nimport sklearn.mixture\\n"
    "sklearn.mixture.GaussianMixture().fit([[0.0], [1.0]]).means_")
try:
    run("%%gmmfast.profile\\n1 / 0")
except ZeroDivisionError:
    print("the error is passed on")
"""
    result = run_python(SHELL + code, IPYTHONDIR=str(tmp_path))
    assert "array([[0.5]])" in result.stdout, result.stderr
    assert "\nGaussianMixture.fit            1" in result.stdout
    assert result.stdout.endswith("the error is passed on\n")
