"""Seeds of random streams, from what scikit-learn takes for a random state."""

from __future__ import annotations

from typing import Any

import numpy as np

from gmmfast._checks import shown


def seed_of(random_state: Any) -> int:
    """Return a seed of 64 bits: an integer as it is, or drawn from a generator.

    None means NumPy's global state, as in scikit-learn.
    """
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        if 0 <= random_state < 2**64:
            return int(random_state)
        raise ValueError(f"random_state: expected 0 to 2**64 - 1, got {shown(random_state)}")
    if random_state is None:
        random_state = np.random.mtrand._rand  # noqa: SLF001 (as sklearn.utils.check_random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**64, dtype=np.uint64))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**64, dtype=np.uint64))
    raise TypeError(
        "random_state: expected an integer, a numpy.random.RandomState or Generator, or None, "
        f"got {shown(random_state)}"
    )
