"""What scikit-learn takes for a random state, as NumPy's new generator."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmfast._checks import shown


def generator(random_state: Any) -> np.random.Generator:
    """Return a generator for None, a seed, a generator or a RandomState, which draws a seed."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**32, size=4, dtype=np.uint32))
    if random_state is None:
        return np.random.default_rng()
    is_integer = hasattr(random_state, "__index__") and np.ndim(random_state) == 0
    if not is_integer or isinstance(random_state, bool | np.bool_):
        raise TypeError(
            "random_state: expected None, an integer, a numpy.random.Generator or RandomState, "
            f"got {shown(random_state)}"
        )
    if random_state < 0:
        raise ValueError(f"random_state: expected at least 0, got {shown(random_state)}")
    return np.random.default_rng(int(random_state))
