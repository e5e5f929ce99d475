"""Tests of resources and faults: nothing grows, and a bug is an exception to report."""

import os
import re

import numpy as np
import pytest

from gmmfast import Mixture, _core, render_grid
from support.checks import refusal

LINUX = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="of Linux")  # noqa: PTH112


@pytest.mark.parametrize("n_operations", [0, 1 << 30], ids=["short", "long"])
def test_a_panic_is_an_exception_to_report_and_spares_the_next_call(n_operations, capfd):
    message = refusal(RuntimeError, _core.panic, n_operations)
    expected = (
        r"internal error of gmmfast \S+: for a test at rust/python/mod\.rs:\d+:\d+; please report "
        r"this line with the output of gmmfast\.show_runtime\(\)"
    )
    assert re.fullmatch(expected, message.replace("\\", "/")), message
    assert "panicked" in capfd.readouterr().err
    assert render_grid(([1.0], [[1.0]], [1.0]), 3).shape == (3,)


def resident():
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@LINUX
def test_no_memory_and_no_file_is_kept_by_many_calls(tmp_path):
    mixture = Mixture([0.4, 0.6], [[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0])
    points = np.arange(20.0).reshape(10, 2)
    path = tmp_path / "model.npz"
    mixture.save(path)
    calls = [
        lambda: mixture.score_samples(points),
        lambda: mixture.predict_proba(points),
        lambda: mixture.sample(10, random_state=0),
        lambda: mixture.condition([0], [1.0]).mean(),
        lambda: render_grid(mixture, (4, 5)),
        lambda: Mixture(mixture.weights, mixture.means, mixture.covariances),
        lambda: Mixture.load(path),
        lambda: refusal(ValueError, mixture.score_samples, points[:, :1]),
    ]
    for call in calls:
        for _ in range(100):
            call()
    files, bytes_ = len(os.listdir("/proc/self/fd")), resident()  # noqa: PTH208
    for call in calls:
        for _ in range(300):
            call()
    assert len(os.listdir("/proc/self/fd")) == files  # noqa: PTH208
    assert resident() - bytes_ < 4 * 2**20
