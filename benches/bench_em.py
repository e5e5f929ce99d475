"""One iteration of EM of 1000 full components on all pixels of china.jpg, one thread.

The model is the fitted photograph of fitted.npz. Our step does the work of one iteration of
the estimator: statistics, the M step, and the next model. scikit-learn is timed on a part of the
pixels and scaled to all (two parts are timed to show that its time is linear in them). daal4py
runs in its own environment, `.venv-daal4py`, if `make bench` could set that up.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from sklearn.datasets import load_sample_image

import numba_em
from contestants import in_scikit_learn
from fitted import Array, Model, load
from gmmfast import GaussianMixture, _core, images
from gmmfast.fitting.parameters import mixture_parameters, typical_stds
from timing import Budget, Contestant, check, shown, table, target, time_of

REG_COVAR = 1 / 12

#: Numbers of pixels for scikit-learn. The arrays of the smaller part stay in the caches.
PARTS = (4000, 27328)

DAAL4PY = Path(__file__).parent.parent / ".venv-daal4py" / "bin" / "python"


def pixels() -> Array:
    """Return (x, y, r, g, b) of all pixels of china.jpg."""
    return images.color_points(load_sample_image("china.jpg"))


def em(budget: Budget) -> None:
    points, model = pixels(), load("photograph")
    ours = Ours(points, model)
    one_iteration(ours, points, model, budget)
    if has_daal4py():
        in_daal4py(ours, points, model)
    else:
        print("  daal4py em_gmm: not measured, .venv-daal4py has none (Python 3.11, x86-64 only)")
    ten_thousand(points, budget)


class Ours:
    """The points, prepared as in a fit, and one step from a model."""

    def __init__(self, points: Array, model: Model) -> None:
        self._model = mixture_parameters(
            np.log(model.weights), model.means, model.covariances, "full"
        )
        self._data = _core.Data(points, None, typical_stds(self._model), 1)
        self.log_likelihood = 0.0

    def step(self) -> Model:
        """Return the next parameters, and make the next model of them."""
        statistics = self._data.statistics(self._model.core, None, 1)
        self.log_likelihood = statistics.log_likelihood / statistics.weight
        *parameters, lost = statistics.maximization("full", REG_COVAR)
        if lost:  # as in the estimator: the means of a part of the pixels move far
            statistics.replace(lost, self._data.statistics(self._model.core, parameters[1], 1))
            *parameters, _ = statistics.maximization("full", REG_COVAR)
        _core.Mixture(*parameters, "full")
        return Model(*parameters)


def check_step(name: str, got: Model, want: Model, tolerance: float) -> None:
    """Stop unless both steps' parameters agree, in units of their own size."""
    check(f"weights, {name}", 1e3 * got.weights, 1e3 * want.weights, tolerance)
    check(f"means, {name}", got.means, want.means, tolerance)
    check(f"covariances, {name}", got.covariances, want.covariances, tolerance)


def one_iteration(ours: Ours, points: Array, model: Model, budget: Budget) -> None:
    result = ours.step()
    *parameters, log_likelihood = numba_em.step(model, points, REG_COVAR)
    check_step("numba", result, Model(*parameters), 1e-7)
    check("log-likelihoods, numba", np.array(ours.log_likelihood), np.array(log_likelihood), 1e-9)
    rng = np.random.default_rng(0)
    parts = [points[rng.choice(len(points), n, replace=False)] for n in PARTS]
    some = parts[0]
    check_step(
        "scikit-learn, of a part", Ours(some, model).step(), sklearn_step(model, some), 1e-6
    )
    scaled = [
        Contestant(
            f"scikit-learn, from {len(part)} pixels",
            lambda part=part: sklearn_step(model, part),
            1000,
            scale=len(points) / len(part),
        )
        for part in parts
    ]
    numba = Contestant("numba dense, fused", lambda: numba_em.step(model, points, REG_COVAR), 30)
    contestants = [Contestant("gmmfast", ours.step), numba, *scaled]
    title = f"an iteration of EM, {len(points)} pixels, {len(model.weights)} full components"
    table(title, contestants, budget)


def sklearn_step(model: Model, points: Array) -> Model:
    """Return scikit-learn's next parameters."""
    estimator = in_scikit_learn(model)
    estimator.reg_covar = REG_COVAR
    _, log_resp = estimator._e_step(points)  # noqa: SLF001
    estimator._m_step(points, log_resp)  # noqa: SLF001
    return Model(estimator.weights_, estimator.means_, estimator.covariances_)


def has_daal4py() -> bool:
    """Return whether the environment of daal4py exists and works."""
    if not DAAL4PY.exists():
        return False
    trial = subprocess.run([DAAL4PY, "-c", "import daal4py"], check=False, capture_output=True)  # noqa: S603
    return trial.returncode == 0


def in_daal4py(ours: Ours, points: Array, model: Model) -> None:
    """Print the line of daal4py, with the CPU seconds of its process."""
    with tempfile.TemporaryDirectory() as folder:
        problem, result = Path(folder, "problem.npz"), Path(folder, "result.npz")
        np.savez(problem, points=points, **model._asdict())
        script = Path(__file__).with_name("daal4py_em.py")
        command = [DAAL4PY, script, problem, result]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
        with np.load(result) as arrays:
            found = Model(*(arrays[name] for name in Model._fields))
    regular = replace_covariances(found)
    check_step("daal4py", ours.step(), regular, 1e-6)
    times = [[float(value) for value in line.split()] for line in output.splitlines()]
    wall, cpu = (median(column) for column in zip(*times, strict=True))
    contestant = Contestant("daal4py em_gmm", lambda: None, 50)
    own = timing_of(ours)
    line = f"{shown(wall):>11}{shown(cpu):>11}{wall / own:10.2f}{cpu / own:10.2f}"
    print(f"  {contestant.name:<38}{line}{target(contestant, cpu / own):>11}{len(times):6}")


def replace_covariances(found: Model) -> Model:
    """Return the parameters with `REG_COVAR`, which daal4py does not add, in the variances."""
    identity = np.eye(found.means.shape[1])
    return Model(found.weights, found.means, found.covariances + REG_COVAR * identity)


def timing_of(ours: Ours) -> float:
    """Return the median CPU seconds of our step."""
    return time_of(Contestant("gmmfast", ours.step), Budget()).cpu


def ten_thousand(points: Array, budget: Budget) -> None:
    """Print the time of a step with 1000 and with 10,000 components, fitted from random pixels."""
    steps = [Ours(points, started(points, n)).step for n in (1000, 10_000)]
    table(
        "components of the same pixels, 5 iterations from random ones",
        [
            Contestant("1000 components", steps[0]),
            Contestant("10000 components", steps[1], at_most=6),
        ],
        budget,
    )


def started(points: Array, n_components: int) -> Model:
    """Return a model after some iterations from random pixels."""
    fitted = GaussianMixture(
        n_components,
        init_params="random_from_data",
        random_state=0,
        reg_covar=REG_COVAR,
        max_iter=5,
        tol=0,
    )
    fitted.fit(points)
    return Model(fitted.weights_, fitted.means_, fitted.covariances_)
