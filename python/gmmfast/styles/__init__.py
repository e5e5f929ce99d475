"""Styles: pictures of a model as charcoal, ink, blueprint, poster or oil.

`STYLES[name](model, shape)` paints; `pictures` has the functions from arrays to 8-bit
pictures that the styles are made of. No matplotlib is needed.
"""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.styles.pictures import (
        channel_pictures,
        dots_picture,
        few_colors,
        flat_picture,
        ink_picture,
        oil_picture,
    )
    from gmmfast.styles.presets import STYLES, Style, Tones, get_style
    from gmmfast.styles.ramp import Ramp, color_levels, oklab_of_srgb, srgb_of_oklab
    from gmmfast.styles.scene import Scene, Strokes

__all__ = [
    "STYLES",
    "Ramp",
    "Scene",
    "Strokes",
    "Style",
    "Tones",
    "channel_pictures",
    "color_levels",
    "dots_picture",
    "few_colors",
    "flat_picture",
    "get_style",
    "ink_picture",
    "oil_picture",
    "oklab_of_srgb",
    "srgb_of_oklab",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "STYLES": "gmmfast.styles.presets",
        "Ramp": "gmmfast.styles.ramp",
        "Scene": "gmmfast.styles.scene",
        "Strokes": "gmmfast.styles.scene",
        "Style": "gmmfast.styles.presets",
        "Tones": "gmmfast.styles.presets",
        "channel_pictures": "gmmfast.styles.pictures",
        "color_levels": "gmmfast.styles.ramp",
        "dots_picture": "gmmfast.styles.pictures",
        "few_colors": "gmmfast.styles.pictures",
        "flat_picture": "gmmfast.styles.pictures",
        "get_style": "gmmfast.styles.presets",
        "ink_picture": "gmmfast.styles.pictures",
        "oil_picture": "gmmfast.styles.pictures",
        "oklab_of_srgb": "gmmfast.styles.ramp",
        "srgb_of_oklab": "gmmfast.styles.ramp",
    },
)
