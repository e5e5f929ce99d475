"""Conversion of `random_state` arguments to seeds of streams, and to NumPy's generators."""

from __future__ import annotations

import operator
import secrets
from typing import Any

import numpy as np
from numpy.random import mtrand

from gmmfast._validation import describe

#: Seeds are below this.
_N_SEEDS = 2**64


def seed_of(random_state: Any) -> int:
    """Return a 64-bit seed: the integer itself, one drawn from a generator, or a fresh one."""
    if random_state is None:
        return secrets.randbits(64)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(_N_SEEDS, dtype=np.uint64))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(_N_SEEDS, dtype=np.uint64))
    is_index = hasattr(random_state, "__index__") and not np.iterable(random_state)
    if not is_index or isinstance(random_state, bool | np.bool_):
        raise TypeError(
            "random_state: expected None, an integer, a numpy Generator or a RandomState, "
            f"got {describe(random_state)}"
        )
    seed = operator.index(random_state)
    if not 0 <= seed < _N_SEEDS:
        raise ValueError(
            f"random_state: expected an integer from 0 to 2**64 - 1, got {describe(seed)}"
        )
    return seed


def random_state_of(random_state: Any) -> np.random.RandomState:
    """Return NumPy's generator of a seed, as scikit-learn's `check_random_state` does.

    None means the generator of `np.random`'s functions, with which the result shares its state.
    """
    if isinstance(random_state, np.random.RandomState):
        return random_state
    if random_state is None:
        return np.random.RandomState(mtrand.get_bit_generator())
    return np.random.RandomState(random_state)
