"""The versions of scikit-learn that gmmfast is tested with, declared here alone.

`make versions` runs tests with each of them.
"""

from __future__ import annotations

import re
import warnings

import sklearn

#: Versions without their last number, from the oldest to the newest.
TESTED = ("1.5", "1.6", "1.7", "1.8", "1.9")


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


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", version)[:2]]
