from typing import Any, final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Mixture", "__version__", "runtime_info"]

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
    def render_grid(
        self,
        quantity: str,
        shape: tuple[int, ...],
        extent: list[tuple[float, float]],
        given: list[int],
        out: NDArray[Any],
        n_threads: int | None = None,
    ) -> None: ...

def runtime_info() -> tuple[str, int]: ...
