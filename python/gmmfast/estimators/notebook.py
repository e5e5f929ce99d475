"""Models that show themselves in notebooks as the picture that they were fitted to.

Assumes an estimator whose `_repr_html_` and `_repr_mimebundle_` are scikit-learn's. One that
remembers no picture (`extent_` and `image_shape_`, which `fit_image` leaves) is shown as
scikit-learn shows it.
"""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast.rendering.grid import render_grid
from gmmfast.tone import DEFAULT_TONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Pixels along the longer side, at most.
_SIDE = 640


class ShowsPicture:
    """What a fitted estimator has besides, to be shown by a notebook."""

    def _repr_png_(self) -> bytes | None:
        """Return the picture, or None if there is none to show."""
        return png_of(shown_picture(self)) if _remembers_picture(self) else None

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
        return f'<div><img alt="{alt}" src="data:image/png;base64,{text}"></div>{html}'


def _remembers_picture(model: Any) -> bool:
    return (
        hasattr(model, "means_") and hasattr(model, "extent_") and hasattr(model, "image_shape_")
    )


def shown_picture(model: Any) -> NDArray[np.uint8]:
    """Return the picture of a model that remembers one, of its own size if that is no more.

    Parameters
    ----------
    model : fitted estimator
        With `image_shape_`, as `fit_image` returns.

    Returns
    -------
    ndarray of shape (height, width) for ink, else (height, width, 3), uint8
        The density through the tone curve of `gmmfast paint`, or the mean colours.
    """
    height, width = model.image_shape_
    scale = min(1.0, _SIDE / max(height, width))
    shape = max(1, round(scale * height)), max(1, round(scale * width))
    if model.means_.shape[1] == 2:
        return DEFAULT_TONE.picture(render_grid(model, shape))
    return render_grid(model, shape, dtype=np.uint8)


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Return a picture, (height, width) or (height, width, 3), as the bytes of a PNG."""
    from PIL import Image  # noqa: PLC0415 (rendering needs no pictures' formats)

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
