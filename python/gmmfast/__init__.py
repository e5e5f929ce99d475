"""Gaussian mixtures: fits to images and points, and exact evaluation on pixel grids."""

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

try:
    from gmmfast._core import __version__
except ImportError as error:
    raise ImportError(
        "gmmfast's Rust extension could not be imported; install a wheel (pip install gmmfast) "
        f"or build it from the source (pip install . in a clone): {error}"
    ) from error

from gmmfast._display import set_display
from gmmfast._lazy import attach
from gmmfast._log import FallbackError
from gmmfast._runtime import kernel_calls, show_runtime
from gmmfast.acceleration.patching import (
    get_patch_names,
    is_patched,
    patch_from_environment,
    patch_sklearn,
    unpatch_sklearn,
)
from gmmfast.acceleration.profiling import profile

if TYPE_CHECKING:
    from gmmfast.estimators import (
        BayesianGaussianMixture,
        GaussianMixture,
        GaussianMixtureRegressor,
    )
    from gmmfast.fitting.checkpoints import Checkpoint
    from gmmfast.fitting.statistics import Statistics
    from gmmfast.image_models import (
        fit_big_image,
        fit_image,
        fit_video,
        refine,
        select_n_components,
    )
    from gmmfast.mixture import ConditionalMixtures, Mixture
    from gmmfast.rendering import render_bands, render_grid, render_samples
    from gmmfast.tone import ToneCurve
    from gmmfast.viewer import to_html

__all__ = [
    "BayesianGaussianMixture",
    "Checkpoint",
    "ConditionalMixtures",
    "FallbackError",
    "GaussianMixture",
    "GaussianMixtureRegressor",
    "Mixture",
    "Statistics",
    "ToneCurve",
    "__version__",
    "fit_big_image",
    "fit_image",
    "fit_video",
    "get_patch_names",
    "is_patched",
    "kernel_calls",
    "patch_sklearn",
    "profile",
    "refine",
    "render_bands",
    "render_grid",
    "render_samples",
    "select_n_components",
    "show_runtime",
    "to_html",
    "unpatch_sklearn",
]

_MAGIC = "gmmfast.profile"

__getattr__, __dir__ = attach(
    __name__,
    {
        "BayesianGaussianMixture": "gmmfast.estimators",
        "Checkpoint": "gmmfast.fitting.checkpoints",
        "ConditionalMixtures": "gmmfast.mixture",
        "GaussianMixture": "gmmfast.estimators",
        "GaussianMixtureRegressor": "gmmfast.estimators",
        "Mixture": "gmmfast.mixture",
        "Statistics": "gmmfast.fitting.statistics",
        "ToneCurve": "gmmfast.tone",
        "fit_big_image": "gmmfast.image_models",
        "fit_image": "gmmfast.image_models",
        "fit_video": "gmmfast.image_models",
        "refine": "gmmfast.image_models",
        "render_bands": "gmmfast.rendering",
        "render_grid": "gmmfast.rendering",
        "render_samples": "gmmfast.rendering",
        "select_n_components": "gmmfast.image_models",
        "to_html": "gmmfast.viewer",
    },
    submodules=(
        "animation",
        "dask",
        "images",
        "mixture",
        "plot",
        "rendering",
        "storage",
        "styles",
        "tone",
    ),
)


def load_ipython_extension(ipython: Any) -> None:
    """Patch scikit-learn, also in the notebook's names, and add `%%gmmfast.profile`."""
    patch_sklearn()  # the names of a notebook are those of the module __main__

    def profile_cell(line: str, cell: str) -> None:
        """Run the cell, then print how often and how long calls were accelerated."""
        del line
        with profile(file=sys.stdout):
            result = ipython.run_cell(cell)
        result.raise_error()

    ipython.register_magic_function(profile_cell, "cell", _MAGIC)


def unload_ipython_extension(ipython: Any) -> None:
    """Undo what `%load_ext gmmfast` has done."""
    ipython.magics_manager.magics["cell"].pop(_MAGIC, None)
    unpatch_sklearn()


def _html_of(model: Any) -> str | None:
    from gmmfast.viewer.notebook import iframe  # noqa: PLC0415 (at the first display)

    return iframe(model)


set_display(_html_of)
with suppress(ImportError):  # before version 3.2 threadpoolctl takes no controllers
    from gmmfast._threads import register_controller

    register_controller()
patch_from_environment()
