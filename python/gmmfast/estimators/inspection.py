"""The check of a block of rows, where it is: by scikit-learn, as those of an array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gmmfast.estimators.versions import check_rows
from gmmfast.fitting.blocks import BlockSize
from gmmfast.fitting.chunks import points_and_weight


@dataclass(frozen=True)
class Inspect:
    """Checks the values of a block as scikit-learn does, and returns its size."""

    allows_nan: bool

    def __call__(self, block: Any) -> BlockSize:
        """Return the size of a block."""
        points, weight = points_and_weight(block() if callable(block) else block)
        rows = check_rows(points, allows_nan=self.allows_nan)
        if weight is not None:
            weight = np.asarray(weight, dtype=np.float64)
            if weight.shape != (len(rows),):
                raise ValueError(
                    f"sample_weight: expected shape {(len(rows),)} for a chunk, got {weight.shape}"
                )
            wrong = weight[~(np.isfinite(weight) & (weight >= 0))]
            if len(wrong):
                raise ValueError(
                    f"sample_weight: expected finite values of at least 0, got {wrong[0]}; leave "
                    "such rows out"
                )
        total = float(len(rows)) if weight is None else float(weight.sum())
        return BlockSize(len(rows), total, weight is not None, rows.dtype, points[:0].copy())
