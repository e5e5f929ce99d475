"""Lazy public names of packages (PEP 562): each module is imported at the first use of a name.

This keeps `import gmmfast` quick, while modules import SciPy, scikit-learn, Pillow and matplotlib
at their tops.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def attach(
    package: str, origins: Mapping[str, str], submodules: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package.

    `origins` has the full name of the module of each public name; `submodules` lists the modules
    that are also attributes of the package before anything imports them, and are none if they
    cannot be imported for want of an extra.
    """
    modules = frozenset(submodules)

    def get(name: str) -> Any:
        if name in modules:
            try:
                return import_module(f"{package}.{name}")
            except ImportError as error:  # hasattr and help expect an AttributeError
                raise AttributeError(
                    f"module {package!r} has no attribute {name!r}: {error}"
                ) from error
        if name not in origins:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(origins[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *origins, *modules})

    return get, names


class LazyModule:
    """A module that is imported at the first use of one of its attributes.

    Rendering needs no SciPy, and fits of pictures no scikit-learn, whose imports take longer.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)
