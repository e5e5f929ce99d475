"""Tests of fitting/report.py: the line of progress."""

import io
import re
import sys

import numpy as np
import pytest

from gmmfast import GaussianMixture
from gmmfast.fitting import report

POINTS = np.random.default_rng(0).normal(size=(400, 2))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def terminal_of(monkeypatch):
    """Put a terminal in the place of standard error, as pytest does before each test."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(report, "_INTERVAL", -1.0)
    return sys.stderr


def seconds_left(line):
    return float(re.search(r"at most (\d+) s left", line)[1])


@pytest.mark.parametrize("options", [{"mapper": map}, {}])
def test_the_line_shows_the_part_of_a_long_iteration(monkeypatch, options):
    terminal = terminal_of(monkeypatch)
    model = GaussianMixture(2, tol=0, max_iter=2, random_state=0)
    model.fit([POINTS[i::4] for i in range(4)], progress=True, **options)
    lines = [line.rstrip() for line in terminal.getvalue().split("\r")[1:]]
    for n_iter in (1, 2):
        parts = [line for line in lines if line.startswith(f"iteration {n_iter}/2, ")]
        assert [re.search(r", (\d+)%", line)[1] for line in parts][-3:] == ["25", "50", "75"]


def test_the_rest_of_the_time_counts_the_part_that_is_done(monkeypatch):
    terminal = terminal_of(monkeypatch)
    now = iter([0.0, 100.0, 200.0, 200.0, 400.0, 400.0, 500.0, 500.0])
    monkeypatch.setattr(report.time, "perf_counter", lambda: next(now))
    shown = report.Report(progress=True, max_iter=10)
    shown.begin_iteration(1)  # at 100 s, after the initialization
    shown.advance(0.25)
    shown.advance(0.75)
    shown.end_iteration(1, -3.0)
    left = [seconds_left(line) for line in terminal.getvalue().split("\r")[1:]]
    assert left == [3900.0, 3700.0, 3600.0]
    assert "iteration 1/10, 25%  at most" in terminal.getvalue()


def test_a_fit_that_goes_on_counts_its_own_iterations(monkeypatch):
    terminal = terminal_of(monkeypatch)
    now = iter([0.0, 0.0, 10.0, 15.0, 15.0])
    monkeypatch.setattr(report.time, "perf_counter", lambda: next(now))
    shown = report.Report(progress=True, max_iter=8)
    shown.begin_iteration(6)
    shown.end_iteration(6, -3.0)
    shown.begin_iteration(7)
    shown.advance(0.5)
    lines = terminal.getvalue().split("\r")[1:]
    assert [seconds_left(line) for line in lines] == [20.0, 15.0]
    assert lines[1].startswith("iteration 7/8, 50%  lower bound -3  ")


def test_only_a_line_is_told_of_parts():
    assert report.Report(lambda *_: None, 3).advance is None
    assert report.Report(None, 3).advance is None
