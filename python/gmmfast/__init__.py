"""Gaussian mixtures over pixels and grids, exactly, at the speed of memory."""

from importlib.metadata import version

from gmmfast.mixture import Mixture
from gmmfast.render import render_grid
from gmmfast.tone import ToneCurve

__version__ = version("gmmfast")
__all__ = ["Mixture", "ToneCurve", "__version__", "render_grid"]
