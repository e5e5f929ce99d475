"""Tests of acceleration/script.py and __main__.py: scripts run as by Python, but patched."""

import os
import sys
from pathlib import Path

import pytest

from support.scripts import LINES, MODEL, SILENT, TOLD, outcome

SCRIPT = """
import sys, __main__
from sklearn.mixture import GaussianMixture
import neighbor
print(GaussianMixture.__module__, neighbor.__name__, __name__, vars(__main__) is globals())
print(__file__, sys.argv, sys.path[0], [__doc__, __package__], __spec__ and __spec__.name)
sys.exit(len(sys.argv))
"""


@pytest.fixture
def scripts(tmp_path):
    """A script, with a neighbor, that a link elsewhere leads to, and a folder that runs."""
    for folder, name in (("scripts", "script.py"), ("work", "__main__.py")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "neighbor.py").write_text("")
        (tmp_path / folder / name).write_text(SCRIPT)
    (tmp_path / "work" / "module.py").write_text(SCRIPT)
    (tmp_path / "work" / "link").symlink_to(tmp_path / "scripts" / "script.py")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
@pytest.mark.parametrize(
    "arguments",
    [("../scripts/script.py",), ("link", "--verbose", "-m"), ("-m", "module", "-h"), (".", "x")],
    ids=" ".join,
)
@pytest.mark.usefixtures("scripts")
def test_a_script_runs_as_by_python_but_patched(run_module, arguments):
    ours = run_module(*arguments)
    python = run_module(*arguments, prefix=[sys.executable])
    assert ours.stdout.startswith("gmmfast.estimators.gaussian ")
    assert python.stdout.startswith("sklearn.mixture")
    assert ours.stdout.split(" ", 1)[1] == python.stdout.split(" ", 1)[1]
    assert ours.returncode == python.returncode > 0
    assert ours.stderr == python.stderr == ""


@pytest.mark.parametrize(
    "code",
    ["def f(): 1 / 0\nf()", "x = (", "raise SystemExit('enough')"],
)
def test_errors_of_a_script_look_as_by_python(run_module, tmp_path, code):
    path = tmp_path / "script.py"
    path.write_text(code)
    ours, python = run_module(path), run_module(path, prefix=[sys.executable])
    assert outcome(ours) == outcome(python)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "usage: python -m gmmfast"),
        (("--unknown",), 2, "usage: python -m gmmfast"),
        (("missing.py",), 2, "gmmfast: can't open file"),
        (("-m", "missing.module"), 1, "gmmfast: no module named missing.module"),
        (("-m", "gmmfast.images"), 1, "gmmfast: no module named gmmfast.images, or it is"),
        ((".",), 1, "gmmfast: can't find '__main__' module in '.'"),
    ],
)
def test_what_cannot_be_run_is_an_error_of_one_line(run_module, arguments, status, message):
    result = run_module(*arguments)
    assert (result.returncode, result.stdout) == (status, "")
    assert result.stderr.startswith(message)
    assert "Traceback" not in result.stderr


def test_the_runner_logs_every_call_if_verbose(run_module, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(MODEL + LINES)
    assert outcome(run_module("--verbose", path)) == (0, "", TOLD)
    assert outcome(run_module(path)) == SILENT


def test_a_scripts_classes_are_pickled_between_processes(run_module, tmp_path):
    path = tmp_path / "script.py"
    path.write_text("""
import multiprocessing, pickle
class Mine:
    pass
def mine(_):
    return Mine()
if __name__ == "__main__":
    print(type(pickle.loads(pickle.dumps(Mine()))) is Mine)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(type(pool.map(mine, [0])[0]).__name__)
""")
    assert outcome(run_module(path)) == (0, "True\nMine\n", "")


def test_the_run_of_scikit_learns_tests_fails_where_their_own_classes_are_tested(run_python):
    code = """
import upstream
upstream.SUITES = {("sklearn.mixture.tests.test_mixture",): 4}
upstream.main()
"""
    path = os.pathsep.join(
        [str(Path(__file__).parents[1] / "system"), os.environ.get("PYTHONPATH", "")]
    )
    result = run_python(code, PYTHONPATH=path)
    assert result.returncode == 1, result.stderr
    assert "4 passed" in result.stdout
    assert "tests {<class 'sklearn.mixture." in result.stdout
    assert "kernel expectation did not run" in result.stdout


def test_the_runner_profiles_on_standard_error(run_module, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(MODEL + LINES + "print('done')\nraise SystemExit(3)")
    result = run_module("--profile", path)
    assert (result.returncode, result.stdout) == (3, "done\n")
    rows = [line.split() for line in result.stderr.splitlines()]
    assert rows[0] == ["method", "accelerated", "seconds", "fallback", "seconds"]
    assert [row[:2] + row[3:4] for row in rows[1:4]] == [
        ["GaussianMixture.fit", "1", "0"],
        ["GaussianMixture.predict", "1", "0"],
        ["Other.fit", "0", "1"],
    ]
    n_line = next(n for n, line in enumerate(MODEL.splitlines(), 1) if "fit(X)" in line)
    assert result.stderr.endswith(
        "fallbacks to scikit-learn:\n"
        f"  {path}:{n_line}: Other.fit, 1x: Other has a _m_step of its own\n"
    )


def test_the_runner_raises_at_a_fallback_if_strict(run_module, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(MODEL + LINES)
    result = run_module("--profile", "--strict", path)
    assert result.returncode == 1
    assert "FallbackError: Other.fit: expected a call that gmmfast accelerates" in result.stderr
    assert "Other.fit, 1x: Other has a _m_step of its own" in result.stderr
    assert "acceleration/script.py" not in result.stderr
