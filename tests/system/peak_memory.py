"""Peak memory of one render above its result, in a process of its own: Linux only.

`python peak_memory.py n_components n_features height n_threads dtype` renders the
auto quantity (the density of 2 features, else the conditional mean) over a square
grid and prints the mebibytes that the process held at its peak, less what it held
before and less the result. tests and benches both run this file.

Held before is what is in use: free memory that the allocator keeps, from building the
model, goes back to the system first, or it would be used and not counted. For the same
reason the render before, that makes threads and arenas, is of another, small model.
"""

import ctypes
import sys
from pathlib import Path

import numpy as np

from gmmfast import Mixture, render_grid

MIB = 2**20


def random_mixture(n_components, n_features):
    """Components as wide as their distances over a picture of 640 x 427, and some levels."""
    rng = np.random.default_rng(0)
    sides = np.array([640.0, 427.0] + [255.0] * (n_features - 2))
    means = rng.uniform(size=(n_components, n_features)) * sides
    stds = np.full(n_features, 20.0)
    stds[:2] = np.sqrt(640 * 427 / n_components)
    roots = rng.normal(size=(n_components, n_features, n_features)) * stds[:, None] * 0.4
    covariances = roots @ roots.transpose(0, 2, 1) + np.diag((0.3 * stds) ** 2)
    return Mixture(np.full(n_components, 1 / n_components), means, covariances)


def resident(key):
    """VmRSS, what is resident now, or VmHWM, its peak, in bytes."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if key in line)
    return int(line.split()[1]) * 1024


def main():
    n_components, n_features, height, n_threads = map(int, sys.argv[1:5])
    mixture = random_mixture(n_components, n_features)
    options = {
        "extent": [(-0.5, 639.5), (-0.5, 426.5)],
        "dtype": sys.argv[5],
        "n_threads": n_threads,
    }
    render_grid(random_mixture(10, n_features), (64, 64), **options)
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc has it, musl need not
        libc.malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is resident now
    before = resident("VmRSS")
    result = render_grid(mixture, (height, height), **options)
    sys.stdout.write(f"{(resident('VmHWM') - before - result.nbytes) / MIB}\n")


if __name__ == "__main__":
    main()
