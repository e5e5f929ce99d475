"""Conditionals of scattered points, and regression, compared with gmr and cgmm.

The scattered points are the pixels of china.jpg in random order, moved by up to half a
pixel, under the photograph's 1000 components. All regressors have the parameters
that cgmm fitted. Where a peer would take minutes, one chunk is timed and multiplied.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import cgmm
import numpy as np

from contestants import GMR_CHUNK, chunked_mean, in_gmr
from fitted import SHAPE, Array, Model, load
from gmmfast import GaussianMixtureRegressor, Mixture
from timing import Budget, Contestant, check, table

if TYPE_CHECKING:
    from collections.abc import Callable

#: Numbers of points in one call of a regressor.
SIZES = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)

#: The largest number of points in one call of a peer. cgmm makes a mixture object for each point.
LARGEST_CHUNK = 1000

N_COMPONENTS = 20


def scattered_pixels() -> Array:
    """Return (x, y) near every pixel's, in random order."""
    rng = np.random.default_rng(0)
    pixels = np.indices(SHAPE)[::-1].reshape(2, -1).T.astype(np.float64)
    pixels += rng.uniform(-0.5, 0.5, size=pixels.shape)
    return rng.permutation(pixels)


def conditional(budget: Budget) -> None:
    model, points = load("photograph"), scattered_pixels()
    at = Mixture(*model).condition([0, 1], points)
    mean = at.mean(n_threads=1)
    check("scattered means, NumPy", mean, chunked_mean(model, points), 1e-9)
    one_chunk, n_chunks = gmr_chunk(model, points, mean)
    check_covariances(model, points[:500], at[:500])
    colors = at.sample(random_state=0)
    title = f"{len(points)} scattered points, {len(model.weights)} components"

    table(
        f"conditional mean and covariance, {title}",
        [
            Contestant("gmmfast mean_and_covariance", lambda: at.mean_and_covariance(n_threads=1)),
            Contestant(
                f"gmr mean: {n_chunks:.1f} x one chunk of {GMR_CHUNK}",
                one_chunk,
                1000,
                scale=n_chunks,
            ),
            Contestant("NumPy mean in chunks of 256", lambda: chunked_mean(model, points)),
        ],
        budget,
    )
    table(
        f"conditionals, {title}",
        [
            Contestant("gmmfast mean", lambda: at.mean(n_threads=1)),
            Contestant("gmmfast sample", lambda: at.sample(0, n_threads=1), at_most=3),
            Contestant("gmmfast std", lambda: at.std(n_threads=1)),
            Contestant("gmmfast covariance", lambda: at.covariance(n_threads=1)),
            Contestant("gmmfast predict", lambda: at.predict(n_threads=1)),
            Contestant("gmmfast log_prob", lambda: at.log_prob(colors, n_threads=1)),
        ],
        budget,
    )


def gmr_chunk(model: Model, points: Array, mean: Array) -> tuple[Callable[[], Array], float]:
    """Return a checked call for one chunk, and the number of chunks."""
    mixture, given = in_gmr(model), np.array([0, 1])

    def one_chunk() -> Array:
        return mixture.predict(given, points[:GMR_CHUNK])

    check("scattered means, gmr", mean[:GMR_CHUNK], one_chunk(), 1e-9)
    return one_chunk, len(points) / GMR_CHUNK


def check_covariances(model: Model, points: Array, at: object) -> None:
    """Stop unless covariances are those of gmr's conditioned mixtures."""
    mixture, (_, covariances) = in_gmr(model), at.mean_and_covariance()
    for point, got in zip(points[:20], covariances, strict=False):
        one = mixture.condition(np.array([0, 1]), point)
        mean = one.priors @ one.means
        offsets = one.means - mean
        want = np.einsum("k,kij->ij", one.priors, one.covariances)
        want += np.einsum("k,ki,kj->ij", one.priors, offsets, offsets)
        if not np.abs(got - want).max() < 1e-9 * np.abs(want).max():
            raise SystemExit("covariances, gmr: the results differ")
    print("checked: covariances, gmr agree to 1e-9", flush=True)


def regressors() -> tuple[GaussianMixtureRegressor, cgmm.ConditionalGMMRegressor, Model]:
    """Return our regressor, cgmm's, and the joint model for gmr, with the same parameters."""
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-2, 2, size=(5000, 2))
    x, y = inputs.T
    outputs = np.column_stack([np.sin(2 * x), x * y, y**2])
    outputs += rng.normal(scale=0.1, size=outputs.shape)
    theirs = cgmm.ConditionalGMMRegressor(N_COMPONENTS, random_state=0).fit(inputs, outputs)
    joint = theirs._gmm_joint_
    ours = GaussianMixtureRegressor(
        N_COMPONENTS,
        weights_init=joint.weights_,
        means_init=joint.means_,
        precisions_init=joint.precisions_,
        max_iter=0,
    ).fit(inputs, outputs)
    return ours, theirs, Model(joint.weights_, joint.means_, joint.covariances_)


def regression(budget: Budget) -> None:
    ours, theirs, model = regressors()
    mixture, given = in_gmr(model), np.array([0, 1])
    points = np.random.default_rng(1).uniform(-2, 2, size=(SIZES[-1], 2))
    some = points[:LARGEST_CHUNK]
    # cgmm adds its reg_covar to the covariance of the inputs a second time.
    check("regression, cgmm", ours.predict(some), theirs.predict(some), 1e-3)
    check("regression, gmr", ours.predict(some), mixture.predict(given, some), 1e-9)
    for size in SIZES:
        n = min(size, LARGEST_CHUNK)
        chunk, inputs = points[:n], points[:size]
        suffix = "" if n == size else f", {size // n} x {n} points"
        table(
            f"predict, {size} points, 2 inputs, 3 outputs, {N_COMPONENTS} components",
            [
                Contestant("gmmfast", partial(ours.predict, inputs, n_threads=1)),
                Contestant(f"cgmm{suffix}", partial(theirs.predict, chunk), 1, scale=size / n),
                Contestant(
                    f"gmr{suffix}", partial(mixture.predict, given, chunk), 1, scale=size / n
                ),
            ],
            budget,
        )
