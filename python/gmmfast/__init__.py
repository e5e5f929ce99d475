"""Gaussian mixtures over pixels and grids, exactly, at the speed of memory."""

from typing import TYPE_CHECKING, Any

from gmmfast._runtime import package_version, show_runtime
from gmmfast.acceleration.patching import (
    get_patch_names,
    is_patched,
    kernel_calls,
    patch_as_asked,
    patch_sklearn,
    unpatch_sklearn,
)
from gmmfast.mixture import ConditionalMixtures, Mixture
from gmmfast.rendering import render_bands, render_grid, render_samples
from gmmfast.tone import ToneCurve

if TYPE_CHECKING:
    from gmmfast.estimators import (
        BayesianGaussianMixture,
        GaussianMixture,
        GaussianMixtureRegressor,
    )
    from gmmfast.image_models import fit_image, fit_video, refine, select_n_components

__version__ = package_version()
__all__ = [
    "BayesianGaussianMixture",
    "ConditionalMixtures",
    "GaussianMixture",
    "GaussianMixtureRegressor",
    "Mixture",
    "ToneCurve",
    "__version__",
    "fit_image",
    "fit_video",
    "get_patch_names",
    "is_patched",
    "kernel_calls",
    "patch_sklearn",
    "refine",
    "render_bands",
    "render_grid",
    "render_samples",
    "select_n_components",
    "show_runtime",
    "unpatch_sklearn",
]

#: Where the names are whose modules import scikit-learn, which takes a second.
_LAZY = {
    "BayesianGaussianMixture": "gmmfast.estimators",
    "GaussianMixture": "gmmfast.estimators",
    "GaussianMixtureRegressor": "gmmfast.estimators",
    "fit_image": "gmmfast.image_models",
    "fit_video": "gmmfast.image_models",
    "refine": "gmmfast.image_models",
    "select_n_components": "gmmfast.image_models",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'gmmfast' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 (only then)

    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext gmmfast`: patch scikit-learn, and names in the notebook, too."""
    del ipython  # its names are those of the module __main__
    patch_sklearn()


def unload_ipython_extension(ipython: Any) -> None:
    """`%unload_ext gmmfast`: give scikit-learn its classes back."""
    del ipython
    unpatch_sklearn()


patch_as_asked()
