"""Tests of _runtime.py: the report of `show_runtime`, and the counts of `kernel_calls`."""

import importlib.metadata
import platform

import numpy as np
import pytest

import gmmfast
from gmmfast import _core

THREADS = ("GMMFAST_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS")
UNSET = dict.fromkeys((*THREADS, "GMMFAST_DISABLE_CPU_FEATURES"))


def rows(text):
    return dict(line.split(": ", 1) for line in text.splitlines())


@pytest.fixture
def report(run_python):
    def show(**environment):
        result = run_python("import gmmfast; gmmfast.show_runtime()", **{**UNSET, **environment})
        assert (result.returncode, result.stderr) == (0, "")
        return rows(result.stdout)

    return show


def test_it_tells_what_is_in_use(capsys):
    assert gmmfast.show_runtime() is None
    reported = rows(capsys.readouterr().out)
    level, n_threads, available, _ = _core.runtime_info()
    assert reported["gmmfast"] == gmmfast.__version__
    assert reported["instruction set"] == f"{level} (of {', '.join(available)})"
    assert level in available
    assert reported["threads"].startswith(f"{n_threads} (")


def test_it_tells_the_versions(capsys):
    gmmfast.show_runtime()
    reported = rows(capsys.readouterr().out)
    assert reported["python"].startswith(platform.python_version())
    assert reported["numpy"] == np.__version__
    for name in ("scikit-learn", "pillow"):
        assert reported[name] == importlib.metadata.version(name)


def test_what_is_not_installed_is_said_and_no_error(monkeypatch, capsys):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    gmmfast.show_runtime()
    assert rows(capsys.readouterr().out)["pillow"] == "not installed"


def test_names_that_mean_nothing_are_reported_and_only_then(monkeypatch, capsys):
    reported = []
    for ignored in ([], ["avx1024", "sse"]):
        info = ("avx2", 3, ["baseline", "avx2"], ignored)
        monkeypatch.setattr(_core, "runtime_info", lambda info=info: info)
        gmmfast.show_runtime()
        reported.append(rows(capsys.readouterr().out))
    assert reported[1].pop("ignored in GMMFAST_DISABLE_CPU_FEATURES") == "avx1024, sse"
    assert reported[0] == reported[1]
    assert reported[0]["instruction set"] == "avx2 (of baseline, avx2)"


def test_ignored_names_come_from_the_environment(report):
    disabled = report(GMMFAST_DISABLE_CPU_FEATURES="avx512,avx1024")
    assert disabled["ignored in GMMFAST_DISABLE_CPU_FEATURES"] == "avx1024"
    assert not disabled["instruction set"].startswith("avx512")
    assert disabled["instruction set"].split("(")[1] == report()["instruction set"].split("(")[1]


@pytest.mark.parametrize(
    ("values", "threads"),
    [
        (("3", "4", "5"), "3 (GMMFAST_NUM_THREADS)"),
        ((None, "4", "5"), "4 (RAYON_NUM_THREADS)"),
        ((None, None, "6,2"), "6 (OMP_NUM_THREADS)"),
        (("0", "", "5"), "5 (OMP_NUM_THREADS)"),
        (("many", "-2", " +5 "), "5 (OMP_NUM_THREADS)"),
        (("9" * 25, "1_0", "2.0,5"), "processors that this process may use)"),
    ],
)
def test_it_tells_which_variable_decides_the_number_of_threads(report, values, threads):
    reported = report(**dict(zip(THREADS, values, strict=True)))
    assert reported["threads"].endswith(threads)


def test_without_variables_the_processors_decide(report):
    assert report()["threads"].endswith("(processors that this process may use)")


def test_kernels_count_their_calls():
    points = np.random.default_rng(0).normal(size=(90, 2))
    model = gmmfast.GaussianMixture(2, max_iter=500, random_state=0)
    for kernel, method in [
        ("expectation", model.fit),
        ("score_samples", model.score_samples),
        ("predict", model.predict),
        ("predict_proba", model.predict_proba),
    ]:
        before = gmmfast.kernel_calls()
        method(points)
        calls = gmmfast.kernel_calls()
        n_calls = model.n_iter_ if kernel == "expectation" else 1
        assert calls[kernel] - before[kernel] == n_calls, kernel
        assert list(calls) == sorted(calls)
    assert calls == _core.kernel_calls()
