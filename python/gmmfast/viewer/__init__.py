"""A mixture as one HTML page that draws it in any browser, without a server or a network."""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.viewer.html import to_html

__all__ = ["to_html"]

__getattr__, __dir__ = attach(__name__, {"to_html": "gmmfast.viewer.html"})
