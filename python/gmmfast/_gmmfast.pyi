from typing import Any, final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mixture", "Rendering", "__version__", "runtime_info"]

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
    def means(self) -> NDArray[np.float64]: ...
    @property
    def covariances(self) -> NDArray[np.float64]: ...
    def marginal(self, features: list[int]) -> Mixture: ...
    def condition(self, given: list[int], values: list[float]) -> Mixture: ...
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
class Rendering:
    def __new__(
        cls,
        mixture: Mixture,
        quantity: str,
        shape: tuple[int, ...],
        extent: list[tuple[float, float]],
        given: list[int],
        tolerance: float | None = None,
    ) -> Rendering: ...
    def render(self, out: NDArray[Any], first: int = 0, n_threads: int | None = None) -> None: ...

def runtime_info() -> tuple[str, int, list[str], list[str]]: ...
