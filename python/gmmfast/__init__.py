"""Gaussian mixtures over pixels and grids, exactly, at the speed of memory."""

from importlib import metadata

from gmmfast.mixture import Mixture
from gmmfast.render import render_grid
from gmmfast.tone import ToneCurve


def _version() -> str:
    try:
        return metadata.version("gmmfast")
    except metadata.PackageNotFoundError:  # a source tree on the path, not installed
        pass
    try:
        from gmmfast._gmmfast import __version__  # noqa: PLC0415 (it may not be there)
    except ImportError:
        return "unknown"
    return __version__


__version__ = _version()
__all__ = ["Mixture", "ToneCurve", "__version__", "render_grid"]
