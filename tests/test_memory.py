"""Tests of _memory.py: the available memory, and the check of results against it."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from gmmfast import GaussianMixture, _memory, render_grid

MIB = 2**20
MEMINFO = f"MemTotal:  {2**40} kB\nMemFree:  1 kB\nMemAvailable:  {900 * 1024} kB\n"
V2, V1 = "sys/fs/cgroup", "sys/fs/cgroup/memory"


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Write files of /proc and /sys, given by path, into a folder; return the memory left."""
    monkeypatch.setattr(_memory, "_physical_bytes", lambda: None)

    def left(files):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        available = _memory.available_bytes(tmp_path)
        return None if available is None else available / MIB

    return left


def group(folder, limit, used, *, inactive=0, slab=0, version=2):
    """The files of a control group; sizes in MiB, "max" for no limit."""
    names = ("memory.max", "memory.current", "inactive_file")
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    stat = f"anon 5\n{names[2]} {inactive * MIB}\nslab_reclaimable {slab * MIB}\n"
    limit = limit if limit == "max" else limit * MIB
    return {
        f"{folder}/{names[0]}": f"{limit}\n",
        f"{folder}/{names[1]}": f"{used * MIB}\n",
        f"{folder}/memory.stat": stat,
    }


def test_memory_is_unknown_without_files(system):
    assert system({}) is None
    assert system({"proc/self/cgroup": "0::/user.slice\n", "proc/meminfo": "MemFree: x\n"}) is None


def test_the_kernels_estimate_is_the_limit_without_groups(system):
    assert system({"proc/meminfo": MEMINFO}) == 900
    assert system({"proc/self/cgroup": "0::/\n", **group(V2, "max", 800)}) == 900


def test_page_cache_that_can_be_given_back_is_not_lost(system):
    files = {"proc/meminfo": MEMINFO, "proc/self/cgroup": "0::/\n"}
    assert system({**files, **group(V2, 512, 500, inactive=300, slab=100)}) == 412
    assert system({**files, **group(V2, 512, 600)}) == 0
    assert system({**files, **group(V2, 512, 100, inactive=300)}) == 512


@pytest.mark.parametrize(("own", "parent", "top"), [(300, 400, 500), (500, 300, 400), (9, 9, 9)])
def test_the_limits_of_all_groups_about_the_process_count(system, own, parent, top):
    files = {"proc/meminfo": MEMINFO, "proc/self/cgroup": "0::/a.slice/b.scope\n"}
    files |= group(V2, top, 0) | group(f"{V2}/a.slice", parent, 0)
    files |= group(f"{V2}/a.slice/b.scope", own, 0) | group(f"{V2}/other.slice", 1, 0)
    assert system(files) == min(own, parent, top)


def test_a_path_of_the_host_that_a_container_does_not_see_is_passed_over(system):
    files = {"proc/self/cgroup": "0::/system.slice/docker-1f.scope\n"}
    assert system({**files, **group(V2, 256, 56)}) == 200


def test_the_groups_of_version_1_count_too(system):
    lines = "9:cpu,cpuacct:/job\n4:memory:/job\n1:name=systemd:/job\n0::/\n"
    files = {"proc/meminfo": MEMINFO, "proc/self/cgroup": lines}
    files |= group(V1, 2**43, 0, version=1) | group(f"{V1}/job", 512, 400, inactive=88, version=1)
    assert system(files) == 200


def test_small_results_are_rendered_without_a_check(monkeypatch):
    def asked():
        raise AssertionError

    monkeypatch.setattr(_memory, "available_bytes", asked)
    assert render_grid(([1.0], [[0.0]], [1.0]), 1000).shape == (1000,)
    _memory.check_fits("shape", "(4096, 4096)", 16 * MIB)


def test_a_result_larger_than_what_is_left_is_refused_with_both_sizes(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 2**30)
    _memory.check_fits("shape", "(9, 9)", 2**30)
    with pytest.raises(MemoryError, match=r"^shape: .* 1\.00 GiB .* got \(9, 9\), .* 2\.00 GiB; "):
        _memory.check_fits("shape", "(9, 9)", 2**31)


def test_a_fit_that_needs_more_than_what_is_left_is_refused(monkeypatch):
    X = np.random.default_rng(0).normal(size=(600_000, 2))  # 18.3 MiB in the order of a tree
    model = GaussianMixture(2, init_params="random_from_data", max_iter=1, random_state=0)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 18 * MIB)
    with pytest.raises(
        MemoryError, match=r"^X: .* got \(600000, 2\), .*; pass the rows in chunks"
    ):
        model.fit(X)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 19 * MIB)
    with pytest.warns(ConvergenceWarning):
        assert model.fit(X).n_iter_ == 1
