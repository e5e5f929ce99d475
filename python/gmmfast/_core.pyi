# Types of the extension module; rust/python/ defines it.
#
# Arrays are C-contiguous, aligned and of native byte order. Results are written into `out`. The
# callers check types and shapes; the core checks values and raises ValueError.

from typing import Any, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Conditional",
    "Data",
    "Mixture",
    "Refinement",
    "Rendering",
    "Sampling",
    "Statistics",
    "__version__",
    "kernel_calls",
    "panic",
    "runtime_info",
]

__version__: str

@final
class Mixture:
    def __new__(
        cls,
        weights: NDArray[np.float64],
        means: NDArray[np.float64],
        covariances: NDArray[np.float64],
        covariance_type: str,
    ) -> Mixture: ...
    @property
    def weights(self) -> NDArray[np.float64]: ...
    @property
    def log_weights(self) -> NDArray[np.float64]: ...
    @property
    def means(self) -> NDArray[np.float64]: ...
    @property
    def covariances(self) -> NDArray[np.float64]: ...
    @staticmethod
    def from_log_weights(
        log_weights: NDArray[np.float64],
        means: NDArray[np.float64],
        covariances: NDArray[np.float64],
        covariance_type: str,
    ) -> Mixture: ...
    @staticmethod
    def restored(
        weights: NDArray[np.float64],
        log_weights: NDArray[np.float64],
        means: NDArray[np.float64],
        covariances: NDArray[np.float64],
        covariance_type: str,
    ) -> Mixture: ...
    @staticmethod
    def of_file(arrays: dict[str, NDArray[np.float64]], covariance_type: str) -> Mixture: ...
    def with_log_weights(self, log_weights: NDArray[np.float64]) -> Mixture: ...
    def marginal(self, features: list[int]) -> Mixture: ...
    def score_samples(
        self, points: NDArray[np.float64], out: NDArray[np.float64], n_threads: int | None = None
    ) -> None: ...
    def predict(
        self, points: NDArray[np.float64], out: NDArray[np.int64], n_threads: int | None = None
    ) -> None: ...
    def predict_proba(
        self, points: NDArray[np.float64], out: NDArray[np.float64], n_threads: int | None = None
    ) -> None: ...

@final
class Conditional:
    def __new__(cls, mixture: Mixture, given: list[int]) -> Conditional: ...
    @property
    def marginal(self) -> Mixture: ...
    def at(self, values: list[float]) -> Mixture: ...
    def mean(
        self, values: NDArray[np.float64], out: NDArray[np.float64], n_threads: int | None = None
    ) -> None: ...
    def std(
        self, values: NDArray[np.float64], out: NDArray[np.float64], n_threads: int | None = None
    ) -> None: ...
    def covariance(
        self, values: NDArray[np.float64], out: NDArray[np.float64], n_threads: int | None = None
    ) -> None: ...
    def mean_and_std(
        self, values: NDArray[np.float64], out: NDArray[np.float64], n_threads: int | None = None
    ) -> None: ...
    def mean_and_covariance(
        self, values: NDArray[np.float64], out: NDArray[np.float64], n_threads: int | None = None
    ) -> None: ...
    def log_prob(
        self, points: NDArray[np.float64], out: NDArray[np.float64], n_threads: int | None = None
    ) -> None: ...
    def sample(
        self,
        values: NDArray[np.float64],
        out: NDArray[np.float64],
        seed: int,
        first: int = 0,
        n_threads: int | None = None,
    ) -> None: ...

@final
class Data:
    def __new__(
        cls,
        points: NDArray[np.float64],
        sample_weight: NDArray[np.float64] | None = None,
        units: NDArray[np.float64] | None = None,
        n_threads: int | None = None,
    ) -> Data: ...
    @property
    def n_samples(self) -> int: ...
    @property
    def n_features(self) -> int: ...
    def statistics(
        self,
        mixture: Mixture,
        centers: NDArray[np.float64] | None = None,
        n_threads: int | None = None,
    ) -> Statistics: ...
    def kmeans_plusplus(
        self, first: int, draws: NDArray[np.float64], n_threads: int | None = None
    ) -> NDArray[np.int64]: ...
    def kmeans(
        self,
        centers: NDArray[np.float64],
        tol: float,
        max_iter: int,
        n_threads: int | None = None,
        lattice: tuple[NDArray[np.float64], int] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], float, int]: ...

@final
class Statistics:
    def __new__(
        cls,
        centers: NDArray[np.float64],
        counts: NDArray[np.float64],
        sums: NDArray[np.float64],
        scatters: NDArray[np.float64],
        log_likelihood: float,
        weight: float,
        n_samples: float | None = None,
        roundings: NDArray[np.float64] | None = None,
    ) -> Statistics: ...
    @property
    def centers(self) -> NDArray[np.float64]: ...
    @property
    def counts(self) -> NDArray[np.float64]: ...
    @property
    def sums(self) -> NDArray[np.float64]: ...
    @property
    def scatters(self) -> NDArray[np.float64]: ...
    @property
    def roundings(self) -> NDArray[np.float64]: ...
    @property
    def log_likelihood(self) -> float: ...
    @property
    def weight(self) -> float: ...
    @property
    def n_samples(self) -> float: ...
    @property
    def count_floor(self) -> float: ...
    def merge(self, other: Statistics) -> None: ...
    def replace(self, components: list[int], other: Statistics) -> None: ...
    def maximization(
        self, covariance_type: str, reg_covar: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], list[int]]: ...

@final
class Rendering:
    def __new__(
        cls,
        mixture: Mixture,
        quantity: str,
        shape: tuple[int, ...],
        extent: list[tuple[float, float]],
        given: list[int],
        tolerance: float | None = None,
        seed: int = 0,
    ) -> Rendering: ...
    def render(
        self,
        out: NDArray[Any],
        first: int = 0,
        n_threads: int | None = None,
        columns: tuple[int, int] | None = None,
    ) -> None: ...
    def survivors(self, n_threads: int | None = None) -> NDArray[np.uint32]: ...
    def survivor_lists(
        self, n_threads: int | None = None
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]: ...

@final
class Sampling:
    RUN_SAMPLES: int
    def __new__(
        cls,
        mixture: Mixture,
        seed: int,
        bounds: list[tuple[float, float]] | None = None,
    ) -> Sampling: ...
    @property
    def version(self) -> str: ...
    def draw(
        self,
        points: NDArray[Any],
        labels: NDArray[np.int64] | None = None,
        grouped: bool = False,
        n_threads: int | None = None,
        first: int | None = None,
    ) -> None: ...
    def splat(
        self,
        n_samples: int,
        extent: list[tuple[float, float]],
        given: list[int],
        counts: NDArray[np.int64],
        means: NDArray[np.float64],
        n_threads: int | None = None,
    ) -> None: ...

@final
class Refinement:
    def __new__(
        cls,
        pixels: NDArray[np.uint8],
        start: Mixture | int,
        max_passes: int,
        max_time: float | None = None,
        least_std: float = 0.5,
    ) -> Refinement: ...
    @staticmethod
    def of_clip(
        pixels: NDArray[np.uint8],
        start: Mixture,
        max_passes: int,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> Refinement: ...
    @property
    def n_passes(self) -> int: ...
    @property
    def progress(self) -> float: ...
    @property
    def psnr(self) -> float: ...
    def advance(self, n_threads: int | None = None) -> bool: ...
    def mixture(self, reg_covar: float, n_threads: int | None = None) -> Mixture: ...

def runtime_info() -> tuple[str, int, list[str], list[str]]: ...
def kernel_calls() -> dict[str, int]: ...
def panic(n_operations: int) -> None: ...
