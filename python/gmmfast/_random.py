"""What a `random_state` means: to the extension one 64-bit seed, to NumPy a generator.

The streams of a seed are the extension's own (see rust/random.rs), so that a seed decides the
bits of a result whatever the versions of NumPy and scikit-learn.
"""

from __future__ import annotations

import secrets
from numbers import Integral
from typing import Any

import numpy as np

from gmmfast._checks import shown

_MAX_SEED = 2**64 - 1


def check_random_state(random_state: Any) -> int:
    """Return the seed of None (a fresh one), an int, or one drawn from a generator."""
    if random_state is None:
        return secrets.randbits(64)
    if isinstance(random_state, Integral) and not isinstance(random_state, bool):
        seed = int(random_state)
        if not 0 <= seed <= _MAX_SEED:
            raise ValueError(
                f"random_state: expected an integer from 0 to 2**64 - 1, got {shown(seed)}"
            )
        return seed
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(_MAX_SEED, endpoint=True, dtype=np.uint64))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(_MAX_SEED, dtype=np.uint64))
    raise TypeError(
        "random_state: expected None, an integer, a numpy.random.Generator or a "
        f"numpy.random.RandomState, got {shown(random_state)}"
    )


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
