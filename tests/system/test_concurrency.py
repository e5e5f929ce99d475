"""Tests of processes and threads at once: of every start method, in workers, and at the end."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from gmmfast import Mixture, _core, render_grid
from support.models import random_parameters

MIXTURE = Mixture(*random_parameters(40, 2, "full"), covariance_type="full")
POINTS = np.random.default_rng(0).normal(scale=5, size=(3000, 2))


def n_threads():
    return _core.runtime_info()[1]


@pytest.mark.skipif(n_threads() < 2, reason="of several processors")
def test_threadpoolctl_limits_the_threads_and_restores_them():
    before = n_threads()
    (found,) = [each for each in threadpool_info() if each["user_api"] == "gmmfast"]
    assert found["num_threads"] == before
    assert found["version"] == _core.__version__
    with threadpool_limits(1):
        assert n_threads() == 1
        assert render_grid(MIXTURE, (20, 20)).shape == (20, 20)
    assert n_threads() == before
    with threadpool_limits(1, user_api="blas"):
        assert n_threads() == before


def test_32_threads_at_once_have_the_results_of_one():
    expected = MIXTURE.score_samples(POINTS), render_grid(MIXTURE, (30, 40))
    results = [None] * 32

    def call(at):
        results[at] = MIXTURE.score_samples(POINTS), render_grid(MIXTURE, (30, 40))

    threads = [threading.Thread(target=call, args=(at,)) for at in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for result in results:
        for one, other in zip(result, expected, strict=True):
            assert one.tobytes() == other.tobytes()


def test_an_input_that_changes_meanwhile_harms_nothing():
    points = np.random.default_rng(1).normal(scale=5, size=(20_000, 2))
    ends = threading.Event()

    def write():
        values = np.array([np.nan, np.inf, -1e300, 1e300, 0.0, 3.0])
        while not ends.is_set():
            points[:] = np.random.default_rng().choice(values, size=points.shape)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(15):
            try:
                assert MIXTURE.score_samples(points).shape == (20_000,)
                assert MIXTURE.predict(points).max() < 40
            except (ValueError, RuntimeError):  # non-finite values that the check saw, or not
                pass
    finally:
        ends.set()
        writer.join()
    assert np.isfinite(MIXTURE.score_samples(POINTS)).all()


# The number of threads of the workers of every kind, of which two run at once.
WORKERS = """
import multiprocessing, os, sys
import numpy as np
import joblib
import gmmfast

model = [0.5, 0.5], [[10.0, 20.0], [30.0, 10.0]], [40.0, 90.0]

def work(_):
    from gmmfast import _core
    return gmmfast.render_grid(model, (20, 30)).tobytes(), _core.runtime_info()[1]

if __name__ == "__main__":
    expected = work(0)[0]
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert [image for image, _ in pool.map(work, range(2))] == [expected] * 2, method
    for backend in ("loky", "threading"):
        found = joblib.Parallel(2, backend=backend)(joblib.delayed(work)(i) for i in range(4))
        assert [image for image, _ in found] == [expected] * 4, backend
        if backend == "loky":
            most = max(1, joblib.cpu_count() // 2)
            assert {n for _, n in found} == {most}, found
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="of systems that fork")
def test_workers_of_every_kind_have_the_same_results(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(WORKERS)
    numbers = ("GMMFAST_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS")
    result = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", script],
        env={name: value for name, value in os.environ.items() if name not in numbers},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr


# Children that are forked while two threads render with pools of their own.
FORKED = """
import os, signal, threading
import gmmfast

model = [0.5, 0.5], [[10.0, 20.0], [30.0, 10.0]], [40.0, 90.0]

def work(n_threads):
    return gmmfast.render_grid(model, (64, 80), n_threads=n_threads).tobytes()

def repeat(n_threads):
    while not has_ended.is_set():
        work(n_threads)

expected = work(1)
has_ended = threading.Event()
threads = [threading.Thread(target=repeat, args=(n,)) for n in (2, 3)]
for thread in threads:
    thread.start()
statuses = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        signal.alarm(30)  # a lock that no thread of the child holds would never open
        os._exit(0 if work(2) == work(4) == expected else 1)
    statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
has_ended.set()
for thread in threads:
    thread.join()
assert statuses == [0] * 20, statuses
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="of systems that fork")
def test_a_child_that_is_forked_during_calls_of_threads_renders(run_python):
    result = run_python(FORKED, "-W", "ignore")
    assert result.returncode == 0, result.stderr


# Daemon threads are in long and in short calls when the interpreter ends; other hooks of its end
# may still call.
DAEMON = """
import atexit, sys, threading, time
import numpy as np

threads = []

def paint():
    for thread in threads:
        thread.join(30)
    alive = sum(thread.is_alive() for thread in threads)
    print(gmmfast.render_grid(small, (3, 4)).shape, alive)

atexit.register(paint)  # runs after the hook of gmmfast

import gmmfast
from gmmfast import Mixture

rng = np.random.default_rng(0)
wide = Mixture(np.full(900, 1 / 900), rng.uniform(0, 4000, (900, 2)), np.full(900, 1e7))
small = Mixture([0.4, 0.6], [[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0])
points = rng.normal(size=(2000, 2))

def repeat(call):
    while True:
        call()

for call in (
    lambda: gmmfast.render_grid(wide, (4000, 4000), dtype="uint8"),
    lambda: small.score_samples(points),
    lambda: Mixture(wide.weights, wide.means, wide.covariances).marginal([0]),
):
    threads.append(threading.Thread(target=repeat, args=(call,), daemon=True))
    threads[-1].start()
time.sleep(float(sys.argv[1]))
"""


def test_the_interpreter_may_end_during_calls_of_daemon_threads(run_python):
    for delay in (0.0, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16, 0.2):
        result = run_python(DAEMON, arguments=[delay])
        assert (result.returncode, result.stderr) == (0, ""), (delay, result.stderr)
        assert result.stdout == "(3, 4) 0\n"


SUBINTERPRETER = """
import gmmfast
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
number = interpreters.create()
try:
    failure = interpreters.run_string(number, "import gmmfast")
except Exception as error:
    failure = error
assert failure is not None
print(failure)
assert gmmfast.render_grid(([1.0], [[1.0]], [1.0]), 3).shape == (3,)
"""


def test_a_subinterpreter_is_refused_and_spares_the_first(run_python):
    result = run_python(SUBINTERPRETER)
    assert result.returncode == 0, result.stderr
    assert "ImportError" in result.stdout
