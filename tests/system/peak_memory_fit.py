"""Peak memory of one fit above its data, in a process of its own: Linux only.

`python peak_memory_fit.py n_samples n_components init_params max_iter` fits random points of
five features and prints how many times the size of the points the process held at its peak,
less what it held before; the points themselves are not counted. Of blocks below 32 MiB glibc
keeps what threads have freed, as much as the points or nothing by which thread it was: the
points should be more than that. tests and benches both run this file.
"""

import ctypes
import sys
from pathlib import Path

import numpy as np
from peak_memory import resident

from gmmfast import GaussianMixture


def points_of(n_samples):
    """Random points, as the pixels of a picture of noise."""
    rng = np.random.default_rng(0)
    return rng.uniform(size=(n_samples, 5)) * [640.0, 427, 255, 255, 255]


def main():
    n_samples, n_components = map(int, sys.argv[1:3])
    options = {
        "init_params": sys.argv[3],
        "max_iter": int(sys.argv[4]),
        "tol": 0,
        "random_state": 0,
        "reg_covar": 1 / 12,
    }
    GaussianMixture(2, **options).fit(points_of(5000))
    points = points_of(n_samples)
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc has it, musl need not
        libc.malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is resident now
    before = resident("VmRSS")
    GaussianMixture(n_components, **options).fit(points)
    sys.stdout.write(f"{(resident('VmHWM') - before) / points.nbytes}\n")


if __name__ == "__main__":
    main()
