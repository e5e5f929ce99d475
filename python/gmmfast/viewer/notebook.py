"""The page of a model in a notebook: an iframe that contains it, of a bounded size.

The iframe shares nothing with the notebook. All that the page holds, its worker and the memory of
the graphics card, goes with it when the cell is executed again.
"""

from __future__ import annotations

import html
from typing import Any

from gmmfast.viewer.html import to_html

#: Characters of a page in a notebook, which stores them, at most.
_MOST = 3_000_000

_IFRAME = (
    '<iframe title="{title}" srcdoc="{page}" loading="lazy" '
    'sandbox="allow-scripts allow-downloads" allow="clipboard-write" '
    'style="width:100%;max-width:1100px;height:560px;border:1px solid #8884;border-radius:8px">'
    "</iframe>"
)


def iframe(model: Any) -> str | None:
    """Return the page of a model as an iframe, or None if no page can show it.

    Parameters
    ----------
    model : fitted estimator or Mixture
        Any model; pages show those of pictures, clips and drawings.

    Returns
    -------
    str or None
        None, too, if the page has more than 3 million characters.
    """
    title = f"Gaussian mixture, {type(model).__name__}"
    try:
        page = to_html(model, title=title)
    except ValueError:  # features or sizes that no page shows
        return None
    assert page is not None  # noqa: S101 (for mypy)
    if len(page) > _MOST:
        return None
    return _IFRAME.format(title=html.escape(title), page=html.escape(page))
