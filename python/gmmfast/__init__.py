"""Gaussian mixtures: fits to images and points, and exact evaluation on pixel grids."""

from typing import TYPE_CHECKING, Any

try:
    from gmmfast._runtime import package_version, show_runtime
except ImportError as error:
    raise ImportError(
        "gmmfast's Rust extension could not be imported; install a wheel (pip install gmmfast) "
        f"or build it from the source (make develop): {error}"
    ) from error

from gmmfast._display import set_display
from gmmfast._lazy import attach
from gmmfast.acceleration.patching import (
    get_patch_names,
    is_patched,
    kernel_calls,
    patch_from_environment,
    patch_sklearn,
    unpatch_sklearn,
)

if TYPE_CHECKING:
    from gmmfast.estimators import (
        BayesianGaussianMixture,
        GaussianMixture,
        GaussianMixtureRegressor,
    )
    from gmmfast.image_models import fit_image, fit_video, refine, select_n_components
    from gmmfast.mixture import ConditionalMixtures, Mixture
    from gmmfast.rendering import render_bands, render_grid, render_samples
    from gmmfast.tone import ToneCurve
    from gmmfast.viewer import to_html

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
    "to_html",
    "unpatch_sklearn",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BayesianGaussianMixture": "gmmfast.estimators",
        "ConditionalMixtures": "gmmfast.mixture",
        "GaussianMixture": "gmmfast.estimators",
        "GaussianMixtureRegressor": "gmmfast.estimators",
        "Mixture": "gmmfast.mixture",
        "ToneCurve": "gmmfast.tone",
        "fit_image": "gmmfast.image_models",
        "fit_video": "gmmfast.image_models",
        "refine": "gmmfast.image_models",
        "render_bands": "gmmfast.rendering",
        "render_grid": "gmmfast.rendering",
        "render_samples": "gmmfast.rendering",
        "select_n_components": "gmmfast.image_models",
        "to_html": "gmmfast.viewer",
    },
    submodules=("mixture", "rendering", "tone"),
)


def load_ipython_extension(ipython: Any) -> None:
    """Patch scikit-learn, also in the notebook's names (`%load_ext gmmfast`)."""
    del ipython  # its names are those of the module __main__
    patch_sklearn()


def unload_ipython_extension(ipython: Any) -> None:
    """Undo the patch (`%unload_ext gmmfast`)."""
    del ipython
    unpatch_sklearn()


def _html_of(model: Any) -> str | None:
    from gmmfast.viewer.notebook import iframe  # noqa: PLC0415 (at the first display)

    return iframe(model)


set_display(_html_of)
patch_from_environment()
