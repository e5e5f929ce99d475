"""Tests of processes, threads, interrupts, environment variables and the terminal."""

import os
import re
import subprocess
import sys
import threading

import numpy as np
import pytest

from gmmfast import Mixture, fit_image, render_grid
from support.models import random_parameters
from support.processes import read_terminal, running

MODEL = random_parameters(7, 3, "full")
POSIX = pytest.mark.skipif(os.name == "nt", reason="of POSIX systems")

# The parent's pool is warm: its threads do not live on in the child, which has to make its own.
FORK = """
import os, signal, time
import numpy as np
import gmmfast

model = ([0.5, 0.5], [[10.0, 20.0], [300.0, 100.0]], [400.0, 900.0])
expected = gmmfast.render_grid(model, (200, 300), n_threads=2)
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        same = [gmmfast.render_grid(model, (200, 300), n_threads=n) for n in (2, 3, None)]
        os._exit(0 if all(np.array_equal(image, expected) for image in same) else 1)
    children.append(child)
end = time.monotonic() + 20
for child in children:
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            raise SystemExit("the child hangs")
        time.sleep(0.01)
    assert os.waitstatus_to_exitcode(done[1]) == 0
assert np.array_equal(gmmfast.render_grid(model, (200, 300), n_threads=2), expected)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="of systems that fork")
def test_a_forked_child_of_a_warm_pool_renders(run_python):
    result = run_python(FORK, "-W", "ignore::DeprecationWarning")  # that Python has threads
    assert result.returncode == 0, result.stderr


def test_several_threads_render_at_once():
    expected = render_grid(MODEL, (50, 60))
    images = {}

    def render(name, n_threads):
        images[name] = [render_grid(MODEL, (50, 60), n_threads=n_threads) for _ in range(5)]

    workers = [threading.Thread(target=render, args=(n, n)) for n in (None, 1, 2, 3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert len(images) == len(workers)
    for image in (image for each in images.values() for image in each):
        np.testing.assert_array_equal(image, expected)


def test_a_fit_and_its_picture_need_no_process_and_no_thread_of_python(monkeypatch):
    """Python in a browser has neither."""

    def refuse(*_, **__):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.delattr(os, "fork", raising=False)
    picture = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    model = fit_image(picture, 3, max_iter=2)
    assert render_grid(model, (24, 32), dtype="uint8").shape == (24, 32, 3)
    assert Mixture.from_model(model).sample(5, random_state=0).shape == (5, 5)


# Wide components, which no kernel may leave out, over enough pixels for a minute's work.
INTERRUPTED = """
import os, signal, threading, time
import numpy as np
import gmmfast

rng = np.random.default_rng(0)
model = (np.full(4000, 1 / 4000), rng.uniform(0, 6000, (4000, 2)), np.full(4000, 1e7))
def interrupt():
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGINT)

for _ in range(2):
    threading.Thread(target=interrupt).start()
    try:
        gmmfast.render_grid(model, (6000, 6000), dtype="uint8")
    except KeyboardInterrupt:
        print("interrupted")
small = gmmfast.render_grid(model, (3, 4), n_threads=2)
assert np.array_equal(small, gmmfast.render_grid(model, (3, 4), n_threads=1))
print("usable")
"""


@POSIX
def test_an_interrupt_ends_a_long_call_and_spares_the_next(run_python):
    result = run_python(INTERRUPTED)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["interrupted", "interrupted", "usable"]


# Factors of many features: of some seconds' work there is no piece to end with.
CONSTRUCTOR = """
import os, signal, threading, time
import numpy as np
import gmmfast

covariances = np.broadcast_to(2 * np.eye(700), (60, 700, 700)).copy()
arrays = np.full(60, 1 / 60), np.zeros((60, 700)), covariances
def interrupt():
    time.sleep(0.7)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
try:
    gmmfast.Mixture(*arrays)
except KeyboardInterrupt:
    print("interrupted")
print(gmmfast.Mixture([1.0], [[0.0]], [1.0]).marginal([0]).n_features)
"""


@POSIX
def test_an_interrupt_ends_a_long_constructor_too(run_python):
    result = run_python(CONSTRUCTOR)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["interrupted", "1"]


def info(run_python, **environment):
    names = ("GMMFAST_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS")
    unset = dict.fromkeys((*names, "GMMFAST_DISABLE_CPU_FEATURES"))
    code = "from gmmfast import _core; print(*_core.runtime_info()[:2])"
    result = run_python(code, **{**unset, **environment})
    assert result.returncode == 0, result.stderr
    name, n_threads = result.stdout.split()
    return name, int(n_threads)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="of systems with affinities")
def test_without_variables_there_is_a_thread_for_each_processor_of_the_process(run_python):
    # A container's quota may allow fewer.
    assert 1 <= info(run_python)[1] <= len(os.sched_getaffinity(0))


def test_instruction_sets_can_be_turned_off(run_python):
    levels = ["baseline", "avx2", "avx512"]
    best = info(run_python)[0]
    has = levels[: levels.index(best) + 1]
    for disabled, rest in {
        "avx512": ["baseline", "avx2"],
        "avx2,avx512": ["baseline"],
        "AVX2 avx512": ["baseline"],
        "nonsense": levels,
    }.items():
        name, _ = info(run_python, GMMFAST_DISABLE_CPU_FEATURES=disabled)
        assert name == [level for level in rest if level in has][-1]


WITHOUT_EXTENSION = """
import sys
sys.modules["gmmfast._core"] = None
import gmmfast
gmmfast.render_grid(([1.0], [[1.0]], [1.0]), 3)
"""


def test_a_missing_extension_is_an_import_error_with_the_remedy(run_python):
    result = run_python(WITHOUT_EXTENSION)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: gmmfast's Rust extension could not be imported")
    assert "pip install gmmfast" in last


PAINT = [sys.executable, "-m", "gmmfast.cli", "paint", "-k", "4", "--max-iter", "5", "-o", "o.png"]


@POSIX
def test_a_terminal_shows_progress_bars(tmp_path):
    import pty  # noqa: PLC0415 (Windows has none)

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    pipes = {"stdout": subprocess.PIPE, "stderr": theirs}
    with running(PAINT, cwd=tmp_path, env=environment, **pipes) as process:
        os.close(theirs)
        shown = read_terminal(ours).decode()
        stdout = process.stdout.read().decode()
    os.close(ours)
    assert process.returncode == 0, shown
    for bar in ("fitting   ", "rendering "):
        assert bar in shown
    assert re.search(r"[1-5]/5", shown)
    assert "\x1b[" in shown
    assert "rendering" not in stdout
    assert "\x1b" not in stdout


def test_without_a_terminal_there_is_no_bar(tmp_path):
    run = subprocess.run(
        PAINT, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    assert "\x1b" not in run.stdout
