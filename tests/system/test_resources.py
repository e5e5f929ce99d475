"""Tests of what runs out: memory is an exception, a bug is one to report, and nothing grows."""

import os
import re

import pytest

from gmmfast import _core, render_grid
from support.checks import refusal
from support.processes import open_files, resident
from support.public_calls import calls

LINUX = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="of Linux")  # noqa: PTH112

# Children that have as much address space as before, and a little more each, do some work. They
# end with its result, or with a MemoryError.
LIMITED = """
import os, resource, sys
import numpy as np
import gmmfast
from gmmfast import GaussianMixture, Mixture

rng = np.random.default_rng(0)
X = rng.normal(size=(200_000, 4))
some = X[:50_000]
mixture = Mixture(np.full(300, 1 / 300), rng.normal(size=(300, 4)) * 3, np.ones(300))
picture = rng.integers(0, 255, size=(60, 50, 3), dtype=np.uint8)
color = gmmfast.fit_image(picture, 9, kind="color", max_iter=2)
GaussianMixture(2, max_iter=1, init_params="random_from_data").fit(X[:100])
calls = {
    "fit": lambda: GaussianMixture(5, max_iter=2, init_params="random_from_data").fit(X),
    "score_samples": lambda: mixture.score_samples(X),
    "predict_proba": lambda: mixture.predict_proba(some),
    "sample": lambda: mixture.sample(200_000, random_state=0),
    "condition": lambda: mixture.condition([0, 1], some[:, :2]).mean(),
    "render_grid": lambda: gmmfast.render_grid(mixture, (200, 300), given=[0, 1]),
    "render_samples": lambda: gmmfast.render_samples(mixture.marginal([0, 1]), (90, 80), 10**5),
    "fit_image": lambda: gmmfast.fit_image(picture, 20, kind="color", max_iter=3),
    "refine": lambda: gmmfast.refine(color, picture, max_iter=3),
}
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
for name, call in calls.items():
    outcomes = set()
    for mebibytes in map(int, sys.argv[1].split()):
        child = os.fork()
        if child == 0:
            limit = size + mebibytes * 2**20
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            try:
                call()
            except MemoryError:
                os._exit(3)
            except BaseException as error:
                os.write(2, repr(error).encode())
                os._exit(4)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, 3), f"{name} with {mebibytes} MiB: {status}"
        outcomes.add(status)
    assert outcomes == {0, 3}, f"{name}: {outcomes}"
"""


@LINUX
@pytest.mark.parametrize("n_threads", [2, 4])
def test_without_memory_there_is_a_memory_error_and_no_abort(n_threads, run_python):
    options, sizes = ("-W", "ignore"), "1 30 60 100 1024"
    threads = {"GMMFAST_NUM_THREADS": str(n_threads)}
    result = run_python(LIMITED, *options, arguments=[sizes], **threads)
    assert result.returncode == 0, result.stderr


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


@LINUX
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_memory_and_no_file_is_kept_by_many_calls(tmp_path):
    every = calls(tmp_path).values()
    for call in every:
        for _ in range(5):
            call()
    files, n_bytes = open_files(), resident()
    for call in every:
        for _ in range(25):
            call()
    assert open_files() == files
    assert resident() - n_bytes < 4 * 2**20
