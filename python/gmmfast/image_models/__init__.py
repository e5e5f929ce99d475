"""Fits of mixtures to pictures and clips, refinement, and choice of the number of components."""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.image_models.big_image import fit_big_image
    from gmmfast.image_models.estimator_selection import select_n_components
    from gmmfast.image_models.image import fit_image
    from gmmfast.image_models.refining import refine, refinements
    from gmmfast.image_models.video import fit_video

__all__ = [
    "fit_big_image",
    "fit_image",
    "fit_video",
    "refine",
    "refinements",
    "select_n_components",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "fit_big_image": "gmmfast.image_models.big_image",
        "fit_image": "gmmfast.image_models.image",
        "fit_video": "gmmfast.image_models.video",
        "refine": "gmmfast.image_models.refining",
        "refinements": "gmmfast.image_models.refining",
        "select_n_components": "gmmfast.image_models.estimator_selection",
    },
)
