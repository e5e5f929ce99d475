"""Gaussian mixtures over pixels and grids, exactly, at the speed of memory."""

from gmmfast._runtime import package_version, show_runtime
from gmmfast.bands import render_bands
from gmmfast.mixture import Mixture
from gmmfast.render import render_grid
from gmmfast.tone import ToneCurve

__version__ = package_version()
__all__ = [
    "Mixture",
    "ToneCurve",
    "__version__",
    "render_bands",
    "render_grid",
    "show_runtime",
]
