"""The versions of scikit-learn that gmmfast is tested with, and private names that differ.

The versions are declared here alone; `make versions` runs tests with each of them.
"""

from __future__ import annotations

import inspect
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky
from sklearn.utils import check_array
from sklearn.utils._array_api import get_namespace
from sklearn.utils.validation import _check_sample_weight

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # scikit-learn < 1.6

    def validate_data(
        estimator: Any, *data: Any, ensure_all_finite: Any = True, **options: Any
    ) -> Any:
        """Validate data by the method that the function has replaced."""
        return estimator._validate_data(*data, force_all_finite=ensure_all_finite, **options)


__all__ = [
    "TESTED",
    "check_rows",
    "checked_weight",
    "ill_defined",
    "validate_data",
    "warn_if_untested",
    "with_namespace",
]

#: The name of scikit-learn's argument, which was another before 1.6.
_FINITE = next(
    name
    for name in ("ensure_all_finite", "force_all_finite")
    if name in inspect.signature(check_array).parameters
)

# The weights of one chunk may all be zero; the sum over all chunks is checked when a fit begins.
_ALLOW_ZERO = "allow_all_zero_weights"
_OPTIONS = (
    {_ALLOW_ZERO: True}
    if _ALLOW_ZERO in inspect.signature(_check_sample_weight).parameters
    else {}
)

#: Versions without their last number, from the oldest to the newest.
TESTED = ("1.5", "1.6", "1.7", "1.8", "1.9")


def check_rows(X: Any, *, allows_nan: bool) -> Any:
    """Return rows as a float array, by scikit-learn's checks; there may be none."""
    finite = {_FINITE: "allow-nan" if allows_nan else True}
    return check_array(
        X, dtype=[np.float64, np.float32], ensure_min_samples=0, input_name="X", **finite
    )


def checked_weight(sample_weight: Any, X: Any) -> Array:
    """Return a weight of at least 0 for each row of X."""
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, **_OPTIONS)
    if (weights < 0).any():
        raise ValueError(
            "sample_weight: expected values of at least 0, got "
            f"{weights.min()}; leave such rows out"
        )
    return np.require(weights, requirements=["C", "ALIGNED"])


def warn_if_untested(version: str = sklearn.__version__) -> None:
    """Warn if a version of scikit-learn is outside the range that was tested."""
    oldest, newest, present = (_numbers(each) for each in (TESTED[0], TESTED[-1], version))
    if not oldest <= present <= newest:
        warnings.warn(
            f"scikit-learn: expected a version from {TESTED[0]} to {TESTED[-1]}, with which "
            f"gmmfast is tested, got {version}; if results differ, install one of these or "
            "another version of gmmfast",
            UserWarning,
            stacklevel=2,
        )


def with_namespace(function: Callable[..., Any], array: Any, *arguments: Any) -> Any:
    """Call a private function of scikit-learn; since 1.8 it takes the array's namespace."""
    options = {}
    if "xp" in inspect.signature(function).parameters:
        options["xp"], _ = get_namespace(array)
    return function(array, *arguments, **options)


def ill_defined() -> str:
    """Return scikit-learn's message of a covariance that is not positive definite."""
    try:
        with_namespace(_compute_precision_cholesky, np.zeros((1, 1)), "diag")
    except ValueError as error:
        return str(error)
    return "Fitting the mixture model failed because of ill-defined empirical covariance."


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", version)[:2]]
