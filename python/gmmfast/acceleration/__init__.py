"""Drop-in acceleration of scikit-learn's mixtures."""

from gmmfast.acceleration.patching import (
    get_patch_names,
    is_patched,
    patch_from_environment,
    patch_sklearn,
    unpatch_sklearn,
)
from gmmfast.acceleration.profiling import profile

__all__ = [
    "get_patch_names",
    "is_patched",
    "patch_from_environment",
    "patch_sklearn",
    "profile",
    "unpatch_sklearn",
]
