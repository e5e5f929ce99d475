"""Times by the size of the grid, the number of components, and the number of threads.

Every grid covers the same picture. At every `STRIDE`-th pixel results are
compared with the scattered log-density or with NumPy's conditional mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_sample_image

from contestants import chunked_mean, partition
from fitted import SHAPE, Array, Model, load
from gmmfast import Mixture, images, render_grid
from timing import Budget, Contestant, check, table

LARGE = (4096, 4096)
EXTENT = [(-0.5, SHAPE[1] - 0.5), (-0.5, SHAPE[0] - 0.5)]
STRIDE = 9973


def render(model: Mixture, shape: tuple[int, int], quantity: str, n_threads: int = 1) -> Array:
    """Return the quantity over the whole picture."""
    options: dict[str, Any] = {"extent": EXTENT, "n_threads": n_threads}
    return render_grid(model, shape, quantity=quantity, **options)


def check_some(model: Model, shape: tuple[int, int], quantity: str) -> None:
    """Stop unless every `STRIDE`-th pixel is correct."""
    mixture = Mixture(*model)
    pixels = np.arange(0, shape[0] * shape[1], STRIDE)
    rows, columns = np.divmod(pixels, shape[1])
    x = (columns + 0.5) * (SHAPE[1] / shape[1]) - 0.5
    y = (rows + 0.5) * (SHAPE[0] / shape[0]) - 0.5
    points = np.column_stack([x, y])
    if quantity == "mean":
        want = chunked_mean(model, points)
    else:
        want = mixture.score_samples(points, n_threads=1)
    got = render(mixture, shape, quantity).reshape(shape[0] * shape[1], -1)[pixels]
    name = f"{quantity} of {len(model.weights)} components at {shape[1]} x {shape[0]}"
    check(name, got.reshape(want.shape), want, 1e-9)


def memory_speed(budget: Budget) -> None:
    """Compare the log-density at 4096 x 4096 with filling an array of that size."""
    model = load("drawing")
    mixture = Mixture(*model)
    check_some(model, LARGE, "log_density")
    table(
        f"log-density, 4096 x 4096, {len(model.weights)} components",
        [
            Contestant("np.full, freshly allocated", lambda: np.full(LARGE, 1.0)),
            Contestant(
                "gmmfast.render_grid", lambda: render(mixture, LARGE, "log_density"), at_most=2
            ),
        ],
        budget,
    )


def threads(budget: Budget) -> None:
    """Compare one thread with two at 4096 x 4096."""
    for name, quantity in (("drawing", "log_density"), ("photograph", "mean")):
        model = load(name)
        mixture = Mixture(*model)
        if not np.array_equal(
            render(mixture, LARGE, quantity, 2), render(mixture, LARGE, quantity)
        ):
            raise SystemExit(f"{quantity}: two threads give another result than one")
        table(
            f"{quantity}, 4096 x 4096, {len(model.weights)} components",
            [
                Contestant(
                    "gmmfast.render_grid, 2 threads",
                    lambda m=mixture, q=quantity: render(m, LARGE, q, 2),
                ),
                Contestant(
                    "gmmfast.render_grid, 1 thread",
                    lambda m=mixture, q=quantity: render(m, LARGE, q),
                    at_least=1.7,
                    of_wall=True,
                ),
            ],
            budget,
        )


def components(budget: Budget) -> None:
    """Compare 100 to 10,000 components of the same picture."""
    pixels = load_sample_image("china.jpg")
    subjects = (
        ("log_density", images.ink_points(pixels)),
        ("mean", images.color_points(pixels)),
    )
    for quantity, points in subjects:
        models = [partition(points, k) for k in (100, 1000, 10_000)]
        mixtures = [Mixture(*model) for model in models]
        for shape in (SHAPE, (2048, 2048)):
            for model in models:
                check_some(model, shape, quantity)
            table(
                f"{quantity}, {shape[1]} x {shape[0]}, by components",
                [
                    Contestant(
                        f"{mixture.n_components} components",
                        lambda m=mixture, s=shape, q=quantity: render(m, s, q),
                        at_most=None if mixture is mixtures[0] else 10,
                    )
                    for mixture in mixtures
                ],
                budget,
            )


def pixels(budget: Budget) -> None:
    """Compare the time per pixel of larger and larger grids over the same picture."""
    for name, quantity in (("drawing", "log_density"), ("photograph", "mean")):
        model = load(name)
        mixture = Mixture(*model)
        shapes = [(SHAPE[0] * n, SHAPE[1] * n) for n in (1, 2, 4)] + [LARGE]
        for shape in shapes:
            check_some(model, shape, quantity)
        table(
            f"{quantity}, time per pixel, {len(model.weights)} components",
            [
                Contestant(
                    f"{shape[1]} x {shape[0]}",
                    lambda m=mixture, s=shape, q=quantity: render(m, s, q),
                    at_most=None if shape == SHAPE else 1,
                    scale=1 / (shape[0] * shape[1]),
                )
                for shape in shapes
            ],
            budget,
        )
