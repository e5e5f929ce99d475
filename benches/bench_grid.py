"""Pictures of china.jpg's size: log-density and conditional mean.

The numba kernels have a plain version, to which the targets refer, and a tuned one. The time
of a gmmfast call includes the checks and factors of the model; for the others only
the evaluation is timed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import numba_blocked
import numba_plain
from contestants import GMR_CHUNK, chunked_mean, in_gmr, in_scikit_learn
from fitted import SHAPE, Model, load
from gmmfast import Mixture, render_grid
from numba_math import columns_of, experts_of
from timing import Budget, Contestant, all_threads, check, check_levels, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from fitted import Array

#: Below e^-20 of the largest density the boxes of the culled kernels are visible.
CULLED_RANGE = 20


def xy_of(shape: tuple[int, int]) -> tuple[Array, Array]:
    """Return x and y of every pixel, row by row."""
    y, x = np.indices(shape).reshape(2, -1).astype(np.float64)
    return x, y


def log_density(budget: Budget) -> None:
    model = load("drawing")
    mixture, estimator, columns = Mixture(*model), in_scikit_learn(model), columns_of(model)
    x, y = xy_of(SHAPE)
    points = np.column_stack([x, y])

    def ours() -> Array:
        return render_grid(mixture, SHAPE, quantity="log_density", n_threads=1)

    def theirs() -> Array:
        with all_threads():
            return estimator.score_samples(points)

    picture = ours()
    is_near = picture > picture.max() - CULLED_RANGE
    for name, module in (("plain", numba_plain), ("tuned", numba_blocked)):
        dense = module.log_density(x, y, columns).reshape(SHAPE)
        check(f"log-densities, numba {name}", picture, dense, 1e-9)
        culled = module.culled_log_density(*SHAPE, columns)
        check(f"log-densities, numba culled {name}", picture[is_near], culled[is_near], 1e-6)
    # scikit-learn's uncentered product is off by up to 5e-9 on narrow components.
    check("log-densities, scikit-learn", picture.ravel(), theirs(), 1e-7)
    table(
        f"log-density, {SHAPE[1]} x {SHAPE[0]}, {len(model.weights)} components",
        [
            Contestant("gmmfast.render_grid", ours),
            Contestant("numba dense", lambda: numba_plain.log_density(x, y, columns), 120),
            Contestant("numba dense, tuned", lambda: numba_blocked.log_density(x, y, columns)),
            Contestant(
                "numba culled", lambda: numba_plain.culled_log_density(*SHAPE, columns), 12
            ),
            Contestant(
                "numba culled, tuned", lambda: numba_blocked.culled_log_density(*SHAPE, columns)
            ),
            Contestant("scikit-learn", lambda: estimator.score_samples(points)),
            Contestant("scikit-learn, BLAS on all cores", theirs, 8000),
        ],
        budget,
    )


def mean(budget: Budget) -> None:
    model = load("photograph")
    mixture, columns, experts = Mixture(*model), columns_of(model), experts_of(model)
    x, y = xy_of(SHAPE)
    points = np.column_stack([x, y])

    def ours() -> Array:
        return render_grid(mixture, SHAPE, n_threads=1)

    picture = ours()
    for name, module in (("plain", numba_plain), ("tuned", numba_blocked)):
        dense = module.mean(x, y, columns, experts).reshape(picture.shape)
        check(f"conditional means, numba {name}", picture, dense, 1e-9)
        culled = module.culled_mean(*SHAPE, columns, experts)
        check(f"conditional means, numba culled {name}", picture, culled, 1e-6)
    check("conditional means, NumPy", picture.reshape(-1, 3), chunked_mean(model, points), 1e-9)
    one_chunk, n_chunks = gmr_chunk(model, points, picture)
    table(
        f"conditional mean, float64, {SHAPE[1]} x {SHAPE[0]}, {len(model.weights)} components",
        [
            Contestant("gmmfast.render_grid", ours),
            Contestant("numba dense", lambda: numba_plain.mean(x, y, columns, experts), 80),
            Contestant("numba dense, tuned", lambda: numba_blocked.mean(x, y, columns, experts)),
            Contestant(
                "numba culled", lambda: numba_plain.culled_mean(*SHAPE, columns, experts), 15
            ),
            Contestant(
                "numba culled, tuned",
                lambda: numba_blocked.culled_mean(*SHAPE, columns, experts),
            ),
            Contestant("NumPy in chunks of 256, BLAS", lambda: chunked_mean(model, points)),
            Contestant(
                f"gmr: {n_chunks:.1f} x one chunk of {GMR_CHUNK}",
                one_chunk,
                5000,
                scale=n_chunks,
            ),
        ],
        budget,
    )


def gmr_chunk(model: Model, points: Array, picture: Array) -> tuple[Callable[[], Array], float]:
    """Return a checked call for a chunk in the middle, and the number of chunks.

    All chunks take more than a minute.
    """
    mixture = in_gmr(model)
    middle = slice(len(points) // 2, len(points) // 2 + GMR_CHUNK)
    given = np.array([0, 1])

    def one_chunk() -> Array:
        return mixture.predict(given, points[middle])

    check("conditional means, gmr", picture.reshape(-1, 3)[middle], one_chunk(), 1e-9)
    return one_chunk, len(points) / GMR_CHUNK


def levels(budget: Budget) -> None:
    model = load("photograph")
    mixture, shape = Mixture(*model), (1024, 1024)
    extent = [(-0.5, SHAPE[1] - 0.5), (-0.5, SHAPE[0] - 0.5)]

    def picture(dtype: str) -> Array:
        return render_grid(mixture, shape, extent=extent, dtype=dtype, n_threads=1)

    check_levels(picture("uint8"), picture("float64"))
    table(
        f"conditional mean, 1024 x 1024, {len(model.weights)} components",
        [
            Contestant("gmmfast.render_grid, uint8", lambda: picture("uint8")),
            Contestant("gmmfast.render_grid, float64", lambda: picture("float64"), 2.5),
        ],
        budget,
    )
