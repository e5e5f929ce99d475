"""Tests of gmmfast_autopatch.py and .pth: the environment patches without an import of gmmfast."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gmmfast_autopatch

#: The folder of the installed package, or of the sources if they are used in place.
HOME = Path(gmmfast_autopatch.__file__).parent
CLASS = """
def name(_=None):
    from sklearn.mixture import GaussianMixture
    return GaussianMixture.__module__.partition(".")[0]
"""


@pytest.fixture
def start(tmp_path):
    """Run a script in a new interpreter that processes the .pth file as in site-packages."""
    shutil.copy(HOME / "gmmfast_autopatch.pth", tmp_path)
    (tmp_path / "sitecustomize.py").write_text(f"import site; site.addsitedir({str(tmp_path)!r})")

    def run(code, *options, value="1", path=()):
        (tmp_path / "script.py").write_text(code)
        folders = os.pathsep.join(map(str, [tmp_path, *path, HOME, *sys.path]))
        environment = {**os.environ, "GMMFAST_PATCH_SKLEARN": value, "PYTHONPATH": folders}
        return subprocess.run(
            [sys.executable, *options, tmp_path / "script.py"],
            env={name: each for name, each in environment.items() if each is not None},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run


def test_scikit_learn_is_patched_when_it_is_imported_and_nothing_before(start):
    code = """
import sys
print(sorted({"gmmfast", "numpy", "sklearn"} & set(sys.modules)))
import sklearn.mixture
for each in (sklearn.mixture.GaussianMixture, sklearn.mixture.BayesianGaussianMixture):
    print(each.__module__)
import inspect, gmmfast, gmmfast_autopatch
assert gmmfast.is_patched() and gmmfast_autopatch._finder not in sys.meta_path
assert "GaussianMixture" in inspect.getsource(sklearn.mixture)
gmmfast.unpatch_sklearn()
print(sklearn.mixture.GaussianMixture.__module__)
"""
    result = start(code, "-W", "error")
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "[]",
        "gmmfast.estimators.gaussian",
        "gmmfast.estimators.bayesian",
        "sklearn.mixture._gaussian_mixture",
    ]


@pytest.mark.parametrize("value", [None, "0"])
def test_without_the_variable_nothing_is_loaded(start, value):
    code = CLASS + "import sys; print('gmmfast_autopatch' in sys.modules, name())"
    assert start(code, value=value).stdout == "False sklearn\n"


def test_an_import_of_gmmfast_itself_patches_at_once(start):
    code = "import gmmfast; print(gmmfast.is_patched())" + CLASS + "print(name())"
    assert start(code, "-W", "error").stdout == "True\ngmmfast\n"


POOL = "import multiprocessing as m; print(m.get_context({!r}).Pool(2).map(name, [0, 1]))"
WORKERS = {
    "joblib": "import joblib; print(joblib.Parallel(2)(2 * [joblib.delayed(name)()]))",
    "spawn": POOL.format("spawn"),
    "fork": POOL.format("fork"),
    "dask": (
        "from distributed import Client; c = Client(n_workers=2, threads_per_worker=1, "
        "dashboard_address=None); print([c.submit(name, i).result() for i in (0, 1)]); c.close()"
    ),
}


@pytest.mark.parametrize("workers", WORKERS)
def test_workers_are_patched(start, workers):
    if workers == "dask":
        pytest.importorskip("distributed")
    if workers == "fork" and sys.platform == "win32":
        pytest.skip("Windows has no fork")
    main = f"if __name__ == '__main__':\n    {WORKERS[workers]}\n"
    code = CLASS + main
    result = start(code)
    assert result.stdout == "['gmmfast', 'gmmfast']\n", result.stderr


def test_a_failure_is_one_warning_and_scikit_learn_stays_usable(start, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "gmmfast.py").write_text("raise OSError('no extension')")
    code = CLASS + "print(name()); import importlib, sklearn; importlib.reload(sklearn); name()"
    result = start(code, path=[broken])
    assert (result.returncode, result.stdout) == (0, "sklearn\n")
    assert result.stderr.count("RuntimeWarning") == 1
    assert (
        "GMMFAST_PATCH_SKLEARN: expected to patch scikit-learn, which remains as it is: "
        "OSError: no extension" in result.stderr
    )


def test_an_unknown_value_is_a_warning_that_names_it(start):
    result = start(CLASS + "print(name())", value="yes")
    assert (result.returncode, result.stdout) == (0, "sklearn\n")
    assert "GMMFAST_PATCH_SKLEARN: expected '1' or '0', got 'yes'" in result.stderr


def test_a_failed_import_is_patched_when_it_is_tried_again(start, tmp_path):
    package = tmp_path / "odd" / "sklearn" / "mixture"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text(
        "import builtins\nif not hasattr(builtins, 'again'):\n    raise ImportError('once')\n"
    )
    code = """
import builtins, sys, gmmfast_autopatch
patches = []
gmmfast_autopatch._patch = lambda: patches.append("patched")
try:
    import sklearn.mixture
except ImportError as error:
    print(error)
builtins.again = True
import sklearn.mixture
print(patches)
"""
    assert start(code, path=[tmp_path / "odd"]).stdout == "once\n['patched']\n"
