"""`to_html`: a mixture as one HTML page, written whole or not at all.

The page's sources are the files of the folder `page`. They are joined as they are: the JavaScript
becomes one module, without its import and export statements. The model is JSON and compressed
arrays. All that comes from a user is escaped; nothing of it is markup.
"""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast import images
from gmmfast._files import StrPath, check_destination, replaced
from gmmfast.images.writing import png_bytes
from gmmfast.mixture import Mixture
from gmmfast.tone import DEFAULT_TONE
from gmmfast.viewer.arrays import Scene, component_arrays, ranges, scene_of, tile_lists

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.images import ImageSource

#: The destination of a page, in messages.
PAGE = "a page's file"

#: The files of the module, each after those that it imports.
SCRIPTS = (
    "data.js",
    "mixture.js",
    "tiles.js",
    "summing.js",
    "paint_gl.js",
    "paint_worker.js",
    "view.js",
    "dom.js",
    "ellipses.js",
    "tone.js",
    "curves.js",
    "ask.js",
    "slice.js",
    "compare.js",
    "play.js",
    "rain.js",
    "save.js",
    "gestures.js",
    "main.js",
)


def to_html(
    model: Any,
    path: StrPath | None = None,
    image: ImageSource | None = None,
    *,
    title: str = "Gaussian mixture",
) -> str | None:
    """Write a mixture as one HTML page that draws it, and answers questions about it.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        A mixture over (x, y), (x, y, gray) or (x, y, r, g, b), or over one of these with the time
        t after y, such as `fit_image` and `fit_video` return.
    path : str or os.PathLike, optional
        Path of the file, usually with the ending ".html". An existing file is replaced only by a
        finished one. By default the page is returned.
    image : ndarray, str, os.PathLike, binary file or PIL.Image.Image, optional
        The original picture, to compare with the painting: see `gmmfast.images.read_image`.
    title : str
        The title of the page.

    Returns
    -------
    str or None
        The page, if no path is given.

    Raises
    ------
    ValueError
        If the model has other features than those above, or so many components in each part of
        the picture that no browser could hold them.
    OSError
        If no file can be written there, or the picture cannot be read.
    TypeError, sklearn.exceptions.NotFittedError
        If an argument has another type, or the model is an estimator that is not fitted.

    Notes
    -----
    The page needs no server and makes no request. It covers the extent that the model remembers,
    or else that of the picture, or else three standard deviations around the components; outside
    there is paper. A pixel is the sum of the components that survive in its tile, at any zoom,
    within one 8-bit level of `render_grid`.

    Examples
    --------
    >>> import gmmfast
    >>> model = ([0.5, 0.5], [[1.0, 1.0], [4.0, 1.0]], [1.0, 0.5])
    >>> gmmfast.to_html(model)[:15]
    '<!DOCTYPE html>'
    """
    if path is not None:
        check_destination("path", PAGE, path)
    if not isinstance(title, str):
        raise TypeError(f"title: expected a str, got {type(title).__name__}")
    original = None if image is None else images.read_image(image)
    text = page(_scene(model, original), original, title)
    if path is None:
        return text
    with replaced(path) as file:
        file.write(text.encode())
    return None


def _scene(model: Any, original: NDArray[np.uint8] | None) -> Scene:
    shape = getattr(model, "image_shape_", None)
    if shape is None and original is not None:
        shape = original.shape[:2]
    return scene_of(Mixture.from_model(model), shape)


def page(scene: Scene, original: NDArray[np.uint8] | None, title: str) -> str:
    """Return the page of a scene."""
    manifest, data = _packed(scene)
    manifest["title"] = title
    parts = {
        "TITLE": html.escape(title),
        "STYLE": _source("style.css"),
        "SHADER": _source("mixture.frag"),
        "MODEL": json.dumps(manifest, allow_nan=False).replace("<", "\\u003c"),
        "DATA": data,
        "ORIGINAL": "" if original is None else _data_address(original),
        "SCRIPT": script(),
    }
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda match: parts[match[1]], _source("page.html"))


def script() -> str:
    """Return the page's module: its files, one after the other."""
    joined = "\n".join(_source(name) for name in SCRIPTS)
    without = re.sub(r"^import \{[^}]*\} from [^;]*;\n", "", joined, flags=re.MULTILINE)
    return re.sub(r"^export ", "", without, flags=re.MULTILINE)


def _source(name: str) -> str:
    return files("gmmfast.viewer").joinpath("page", name).read_text("utf-8")


def _packed(scene: Scene) -> tuple[dict[str, Any], str]:
    """Return what the page reads: facts, and arrays compressed one after the other."""
    lists = tile_lists(scene)
    index = np.uint16 if scene.mixture.n_components <= 2**16 else np.uint32
    arrays: dict[str, NDArray[Any]] = {
        **component_arrays(scene),
        "nMean": lists.n_mean,
        "nAll": lists.n_all,
        "survivors": lists.components.astype(index),
    }
    places, chunks, start = {}, [], 0
    for name, array in arrays.items():
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        places[name] = {"type": array.dtype.name, "start": start, "length": little.size}
        chunks.append(little.tobytes() + bytes(-little.nbytes % 8))
        start += len(chunks[-1])
    manifest = {
        "nComponents": scene.mixture.n_components,
        "nColors": scene.n_colors,
        "shape": scene.shape,
        "extent": scene.extent,
        "tiles": lists.shape,
        "tiling": lists.tiling,
        "ranges": ranges(scene),
        "tone": DEFAULT_TONE.points,
        "arrays": places,
    }
    return manifest, base64.b64encode(zlib.compress(b"".join(chunks), 9)).decode()


def _data_address(pixels: NDArray[np.uint8]) -> str:
    return "data:image/png;base64," + base64.b64encode(png_bytes(pixels)).decode()
