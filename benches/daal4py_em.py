"""One step of EM by daal4py's `em_gmm`, in its own environment.

`python daal4py_em.py problem.npz result.npz`: daal4py 2024.7 requires scikit-learn 1.5,
so it cannot run in the environment of the other benchmarks. The script prints seconds of wall and
CPU time of each of three runs on one thread, and writes the parameters after the step.
"""

from __future__ import annotations

import sys
import time

import daal4py
import numpy as np


def main() -> None:
    daal4py.daalinit(nthreads=1)
    with np.load(sys.argv[1]) as problem:
        points, weights, means, covariances = (
            problem[name] for name in ("points", "weights", "means", "covariances")
        )
    for _ in range(3):
        algorithm = daal4py.em_gmm(
            nComponents=len(weights),
            maxIterations=1,
            accuracyThreshold=0.0,
            covarianceStorage="full",
        )
        wall, cpu = time.perf_counter(), time.process_time()
        result = algorithm.compute(points, weights[None], means, list(covariances))
        print(time.perf_counter() - wall, time.process_time() - cpu)
    np.savez(
        sys.argv[2],
        weights=result.weights[0],
        means=result.means,
        covariances=np.stack(result.covariances),
    )


if __name__ == "__main__":
    main()
