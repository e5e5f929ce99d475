"""Tests of acceleration/: scikit-learn's examples run without fallbacks, to the same numbers."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parent / "scripts" / "gallery.py"
EXAMPLES = (
    "plot_gmm",
    "plot_gmm_covariances",
    "plot_gmm_pdf",
    "plot_gmm_selection",
    "plot_gmm_sin",
    "plot_gmm_init",
    "plot_concentration_prior",
    "plot_cluster_comparison",
)
#: Environment variables that would patch the plain run.
PATCHING = ("GMMFAST_PATCH_SKLEARN", "GMMFAST_STRICT")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The table of the profiled run, and the numbers of it and of the plain run."""
    folder = tmp_path_factory.mktemp("gallery")
    environment = {name: value for name, value in os.environ.items() if name not in PATCHING}
    prefixes = {"gmmfast": ["-m", "gmmfast", "--profile"], "sklearn": []}
    tables, numbers = {}, {}
    for library, prefix in prefixes.items():
        path = folder / f"{library}.npz"
        result = subprocess.run(
            [sys.executable, *prefix, SCRIPT, path],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert result.returncode == 0, result.stderr
        tables[library], numbers[library] = result.stderr, dict(np.load(path))
        assert numbers[library].pop("class") == library
    return tables["gmmfast"], numbers


def test_no_call_falls_back(runs):
    table, _ = runs
    *methods, _, last = table.splitlines()[1:]
    assert last == "fallbacks to scikit-learn: none"
    rows = {
        name: (int(calls), int(fallen)) for name, calls, _, fallen, _ in map(str.split, methods)
    }
    assert rows["GaussianMixture.fit"][0] > 100
    assert rows["BayesianGaussianMixture.fit"][0] == 9
    assert {fallen for _, fallen in rows.values()} == {0}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_numbers_are_those_of_scikit_learn(runs, example):
    _, numbers = runs
    names = [name for name in numbers["sklearn"] if name.startswith(f"{example}/")]
    assert names == [name for name in numbers["gmmfast"] if name.startswith(f"{example}/")]
    assert names
    for name in names:
        ours, theirs = (numbers[library][name] for library in ("gmmfast", "sklearn"))
        if theirs.dtype.kind == "f":
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8, err_msg=name)
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
