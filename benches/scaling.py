"""Fits and renderings on several processes: `make scaling`. Each result is checked.

`scaling.py [PART ...]` runs the named parts, by default all; see PARTS. The machine needs two
processors and 8 GB of disk in the temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import dask.array as da
import distributed
import numpy as np
import tifffile
import zarr
from dask.delayed import delayed
from sklearn.exceptions import ConvergenceWarning

import gmmfast
import gmmfast.dask
from gmmfast import GaussianMixture
from gmmfast.fitting.blocks import EStep
from gmmfast.storage import open_picture, render, save


def check(holds):
    """Raise an error unless a result is as it must be."""
    if not holds:
        raise RuntimeError("expected another result")


def connected(n_workers):
    """Start workers of one thread each, with threads of the engine likewise."""
    cluster = distributed.LocalCluster(
        n_workers=n_workers, threads_per_worker=1, dashboard_address=":0", memory_limit="7GB"
    )
    return cluster, distributed.Client(cluster)


def points(first, n_rows, n_features=5):
    """Return rows of fifty clouds; a block depends on its index alone."""
    rng = np.random.default_rng([7, first])
    centers = np.random.default_rng(7).uniform(0, 100, (50, n_features))
    return centers[rng.integers(0, 50, n_rows)] + rng.normal(size=(n_rows, n_features)) * 5


def lazy_points(n_rows, block):
    make = delayed(points)
    parts = [da.from_delayed(make(i, block), (block, 5), float) for i in range(n_rows // block)]
    return da.concatenate(parts)


def start(X, n_components):
    rng = np.random.default_rng(0)
    rows = X[rng.choice(len(X), n_components, replace=False)]
    return {
        "n_components": n_components,
        "weights_init": np.full(n_components, 1 / n_components),
        "means_init": rows,
        "precisions_init": np.tile(np.eye(5) / 25, (n_components, 1, 1)),
        "tol": 0,
    }


def seconds(client):
    """Return the time, and the processor time of this process and of the workers."""
    workers = [] if client is None else client.run(time.process_time).values()
    return np.array([time.perf_counter(), time.process_time() + sum(workers)])


def fit_seconds(fit, options, n_iter, client=None):
    """Return the model, and the time and processor time of an iteration and of the call.

    An iteration is the fastest of all but the first: other processes may take the processors.
    """
    ends = []
    model = GaussianMixture(**options, max_iter=n_iter)
    begin = seconds(client)
    fit(model, lambda *_: ends.append(seconds(client)))
    return model, np.array([np.diff(ends, axis=0).min(axis=0), seconds(client) - begin])


def shown(name, found):
    """Print times and processor times."""
    (time_, cpu), (whole, whole_cpu) = found
    print(f"  {name:<24} {time_:7.2f} s an iteration, processors {cpu:6.2f} s; the call "
          f"{whole:6.1f} s, processors {whole_cpu:6.1f} s", flush=True)  # fmt: skip


def alone(part, n_rows=5_000_000, n_components=200, n_iter=8):
    """Fit rows on one thread; return the median time of an iteration, for `side_by_side`."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    X = np.concatenate([points(5 * part + i, n_rows // 5) for i in range(5)])
    options = start(points(0, 1_000_000), n_components)
    ends = []
    model = GaussianMixture(**options, max_iter=n_iter)
    model.fit(X, progress=lambda *_: ends.append(time.perf_counter()), n_threads=1)
    return float(np.median(np.diff(ends)))


def side_by_side():
    """Measure what two processors of this machine give to processes that share nothing."""
    found = {}
    for n in (1, 2):
        with ProcessPoolExecutor(n, get_context("spawn")) as pool:
            found[n] = max(pool.map(alone, range(n)))
    print(f"\nfits of 5,000,000 rows on one thread: {found[1]:.2f} s an iteration alone, "
          f"{found[2]:.2f} s with another beside it, which leaves {found[1] / found[2]:.2f} of "
          "the throughput of a processor")  # fmt: skip


def fits(n_rows=10_000_000, n_components=200, n_iter=8, n_blocks=10):
    """Measure iterations in this process, and with 1, 2 and 4 workers of one thread."""
    block = n_rows // n_blocks
    lazy = lazy_points(n_rows, block)
    X = np.concatenate([points(i, block) for i in range(n_blocks)])
    options = start(X, n_components)
    print(f"\nfit of {n_rows:,} rows of 5 features in {n_blocks} blocks, K={n_components}, "
          f"{n_iter} iterations")  # fmt: skip
    found = {}
    for threads in (1, 2):
        want, found[threads] = fit_seconds(
            lambda m, p, X=X, t=threads: m.fit(X, progress=p, n_threads=t), options, n_iter
        )
        shown(f"in process, {threads} threads", found[threads])
    del X
    workers = {}
    for n in (1, 2, 4):
        cluster, client = connected(n)
        rows = lazy.persist()  # in memory, as the rows in process
        distributed.wait(rows)
        model, workers[n] = fit_seconds(
            lambda m, p, rows=rows: m.fit(rows, progress=p), options, n_iter, client
        )
        np.testing.assert_allclose(model.means_, want.means_, rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(model.covariances_, want.covariances_, rtol=1e-9, atol=1e-9)
        peaks = client.run(lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        peak = max(peaks.values())
        shown(f"{n} workers of {peak:.0f} MiB", workers[n])
        del rows
        client.close()
        cluster.close()
    state = pickle.dumps(EStep(want._fitted_parameters()))
    for n in (1, 2):
        iteration, call = (workers[n] / found[n] - 1)[:, 0]
        print(f"  overhead of {n} workers against as many threads: {iteration:.0%} an iteration, "
              f"{call:.0%} of the call")  # fmt: skip
    for n in (2, 4):
        gain = workers[1][:, 0] / workers[n][:, 0] / min(n, os.cpu_count())
        print(f"  {n} workers: throughput of a processor {gain[0]:.2f} of that with 1 worker, "
              f"{gain[1]:.2f} in the call")  # fmt: skip
    print(f"  parameters on the wire {len(state):,} bytes: {len(state) / 8 / n_components:.1f} "
          "doubles a component")  # fmt: skip


def kills(n_kills=10):
    """Kill a worker at a random moment, ten times; fits and renderings must not change."""
    rng = random.Random(0)  # noqa: S311
    lazy = lazy_points(300_000, 30_000)
    options = start(points(0, 20_000), 40)
    model = gmmfast.Mixture.from_model(
        GaussianMixture(**options, max_iter=2).fit(points(0, 20_000))
    )
    picture = gmmfast.dask.render_grid(
        model,
        (2000, 3000),
        chunks=256,
        quantity="mean",
        extent=[(0, 100), (0, 100)],
        dtype="uint8",
    )

    def rendering():
        return picture.compute()

    def fit():
        return GaussianMixture(**options, max_iter=10).fit(lazy).means_

    wanted = {work: work() for work in (fit, rendering)}
    done = 0
    while done < n_kills:
        # A cluster of its own: after some kills distributed's nanny starts no new worker.
        cluster, client = connected(2)
        work = (fit, rendering)[done % 2]
        work()  # workers import what they need
        begin = time.perf_counter()
        work()
        seconds = time.perf_counter() - begin
        moment = rng.uniform(0, seconds)
        pid = rng.choice(sorted(client.run(os.getpid).values()))
        timer = threading.Timer(moment, os.kill, (pid, signal.SIGKILL))
        timer.start()
        begin = time.perf_counter()
        same = np.array_equal(work(), wanted[work])
        timer.cancel()
        took = time.perf_counter() - begin
        check(same)
        client.close()
        cluster.close()
        if moment > took:
            continue  # it was done before the kill
        done += 1
        print(f"  kill {done} after {moment:.1f} s of a {work.__name__} of {seconds:.1f} s: "
              f"{took:.1f} s, the same bits: {same}", flush=True)  # fmt: skip


def in_process_of_its_own(code, *arguments):
    """Run code in a new process; return what it printed, with its peak in MiB."""
    text = code + (
        "\nimport resource, json\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "print(json.dumps([result, peak]))"
    )
    done = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-c", text, *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout.splitlines()[-1])


def model_file(folder):
    rng = np.random.default_rng(0)
    n = 500
    means = rng.uniform(0, 255, (n, 5))
    means[:, :2] = rng.uniform(0, 1000, (n, 2))
    factors = rng.normal(size=(n, 5, 5)) * [30, 30, 20, 20, 20]
    covariances = factors @ factors.transpose(0, 2, 1) / 5 + np.eye(5)
    extent = [(0, 1000), (0, 1000)]
    mixture = gmmfast.Mixture(np.full(n, 1 / n), means, covariances, extent=extent)
    path = Path(folder, "model.npz")
    mixture.save(path)
    return path


RENDER = """
import sys, time, gmmfast
from gmmfast.storage import render
start = time.perf_counter()
size = int(sys.argv[3])
stop = float(sys.argv[4])
seen = []
def progress(done, total):
    seen.append(time.perf_counter() - start)
    if done > stop * total:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
render(gmmfast.Mixture.load(sys.argv[1]), (size, size), sys.argv[2], dtype="uint8",
       tolerance=1e-3, progress=progress)
result = [time.perf_counter() - start, seen[len(seen) // 2 - 1]]
"""


def pictures(size=32_768):
    """Render a picture of 32,768 x 32,768 within 1 GB, kill it halfway, and go on."""
    with tempfile.TemporaryDirectory() as folder:
        model, path = model_file(folder), Path(folder, "big.ome.zarr")
        killed = subprocess.run(  # noqa: S603 (our own code)
            [sys.executable, "-c", RENDER, str(model), str(path), str(size), "0.5"], check=False
        )
        check(killed.returncode == -signal.SIGKILL)
        (seconds, half), peak = in_process_of_its_own(RENDER, model, path, size, 2)
        print(f"\nOME-Zarr of {size} x {size} x 3 uint8, killed halfway and resumed:")
        print(f"  the finished half checked in {half:.1f} s, all in {seconds:.1f} s, "
              f"peak {peak:.0f} MiB")  # fmt: skip
        check(peak < 1024)
        opened, mixture = open_picture(path), gmmfast.Mixture.load(model)
        lazy = gmmfast.dask.render_grid(
            mixture, (size, size), chunks=1024, dtype="uint8", tolerance=1e-3
        )
        for row, column in np.random.default_rng(1).integers(0, size - 500, (6, 2)):
            window = slice(row, row + 500), slice(column, column + 500)
            check(np.array_equal(opened[window], lazy[window].compute(scheduler="synchronous")))


BIG_FIT = """
import sys, time, gmmfast
from gmmfast.storage import open_picture
times = []
def progress(n_iter, bound):
    times.append(time.perf_counter())
model = gmmfast.fit_big_image(open_picture(sys.argv[1]), int(sys.argv[2]), max_iter=2, tol=0,
                              progress=progress)
result = [times[-1] - times[0], model.lower_bounds_]
"""


def synthetic(height, width, folder, model):
    """Write a synthetic picture to zarr, rendered from a model."""
    path = Path(folder, "picture.zarr")
    render(
        gmmfast.Mixture.load(model), (height, width), path, dtype="uint8", tolerance=1e-3,
        quantity="sample", random_state=0,
    )  # fmt: skip
    return path


def big_fit(height=10_000, width=10_000, n_components=2000):
    """Fit 10^8 pixels out of core."""
    with tempfile.TemporaryDirectory() as folder:
        picture = synthetic(height, width, folder, model_file(folder))
        (seconds, bounds), peak = in_process_of_its_own(BIG_FIT, picture, n_components)
        print(f"\nfit of {height * width:,} pixels, K={n_components}, out of core: "
              f"{seconds:.1f} s an iteration, peak {peak:.0f} MiB")  # fmt: skip
        check(bounds == sorted(bounds))
        check(peak < 2048)


def whole_way(height=15_000, width=20_000, n_components=32, n_iter=1):
    """Write a picture to zarr, fit it with two workers, render a pyramid, and read it."""
    with tempfile.TemporaryDirectory() as folder:
        picture = synthetic(height, width, folder, model_file(folder))
        cluster, client = connected(2)
        begin = time.perf_counter()
        opened = open_picture(picture)
        model = gmmfast.dask.fit_image(opened, n_components, max_iter=n_iter, tol=0)
        fitted = time.perf_counter()
        path, tiff = Path(folder, "way.ome.zarr"), Path(folder, "way.big.tif")
        mapper = gmmfast.dask.client_map(client)
        render(model, (height, width), path, dtype="uint8", mapper=mapper, n_threads=1)
        rendered = time.perf_counter()
        peaks = client.run(lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        client.close()
        cluster.close()
        print(f"\n{width} x {height}, K={n_components}, {n_iter} iteration(s), two workers: fit "
              f"{fitted - begin:.1f} s, rendering {rendered - fitted:.1f} s, peak of a worker "
              f"{max(peaks.values()):.0f} MiB", flush=True)  # fmt: skip
        level = zarr.open_group(path, mode="r")["0"]
        save(open_picture(path), tiff)
        with tifffile.TiffFile(tiff) as file:
            pixels = zarr.open(file.aszarr(level=0), mode="r")
            for top in (0, 7000, height - 600):
                window = slice(top, top + 600), slice(9000, 9600)
                want = gmmfast.dask.render_grid(model, (height, width), chunks=512, dtype="uint8")
                want = want[window].compute(scheduler="synchronous")
                check(np.array_equal(np.moveaxis(level[(slice(None), *window)], 0, -1), want))
                check(np.array_equal(pixels[window], want))
        print("  the pyramid and a TIFF of it have the bits of the rendering in zarr's and "
              "tifffile's readers")  # fmt: skip


PARTS = {
    "side_by_side": side_by_side,
    "fits": fits,
    "kills": kills,
    "pictures": pictures,
    "big_fit": big_fit,
    "whole_way": whole_way,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    gmmfast.show_runtime()
    warnings.simplefilter("ignore", ConvergenceWarning)  # fits stop after a few iterations
    for name in parser.parse_args().parts or PARTS:
        begin = time.perf_counter()
        PARTS[name]()
        print(f"({name}: {time.perf_counter() - begin:.0f} s)", flush=True)
