"""The display of image models in notebooks: the model rendered as a picture, and its page.

The class assumes scikit-learn's `_repr_html_` and `_repr_mimebundle_`. An estimator without
`extent_` and `image_shape_`, which `fit_image` sets, is displayed by scikit-learn alone.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._display import html_of
from gmmfast.images.writing import png_bytes
from gmmfast.rendering.grid import render_grid
from gmmfast.tone import DEFAULT_TONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Largest number of pixels along the longer side.
_SIDE = 640


class ShowsPicture:
    """Adds a picture to the notebook display of a fitted estimator."""

    def _repr_png_(self) -> bytes | None:
        """Return the picture, or None if the estimator is not an image model."""
        return png_bytes(model_picture(self)) if _is_image_model(self) else None

    def _repr_html_inner(self) -> str:
        return self._with_picture(super()._repr_html_inner())  # type: ignore[misc]

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        if "text/html" in bundle:
            bundle["text/html"] = self._with_picture(bundle["text/html"])
        return bundle

    def _with_picture(self, html: str) -> str:
        png = self._repr_png_()
        if png is None:
            return html
        text = base64.b64encode(png).decode("ascii")
        alt = f"the picture under {type(self).__name__}"
        picture = f'<div><img alt="{alt}" src="data:image/png;base64,{text}"></div>'
        page = html_of(self)
        if page is not None:
            picture += f"<details><summary>Look inside</summary>{page}</details>"
        return picture + html


def _is_image_model(model: Any) -> bool:
    return (
        hasattr(model, "means_") and hasattr(model, "extent_") and hasattr(model, "image_shape_")
    )


def model_picture(model: Any) -> NDArray[np.uint8]:
    """Return the picture of an image model, in its own size unless that is too large.

    Parameters
    ----------
    model : fitted estimator
        A model with `image_shape_`, as `fit_image` returns.

    Returns
    -------
    ndarray of shape (height, width) for ink and gray, else (height, width, 3), uint8
        The density through the tone curve of `gmmfast paint`, or the mean colors or levels.
    """
    height, width = model.image_shape_
    scale = min(1.0, _SIDE / max(height, width))
    shape = max(1, round(scale * height)), max(1, round(scale * width))
    if model.means_.shape[1] == 2:
        return DEFAULT_TONE.picture(render_grid(model, shape))
    return render_grid(model, shape, dtype=np.uint8)
