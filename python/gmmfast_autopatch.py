"""Patches scikit-learn when `sklearn.mixture` is first imported, without an import of gmmfast.

`gmmfast_autopatch.pth` calls `install` when Python starts with `GMMFAST_PATCH_SKLEARN` set. The
module stands outside the package, because importing the package would import NumPy. Nothing here
stops a program: a failure becomes one warning, and scikit-learn remains unpatched.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_MODULE = "sklearn.mixture"


class _Finder:
    """A finder of `sklearn.mixture` alone, which patches after the module's code has run."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that the other finders give, with a loader that patches."""
        if name != _MODULE:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if find is None else find(name, path, target)
            if spec is not None:
                _patch_after(spec.loader)
                return spec
        return None


_finder = _Finder()


def install() -> None:
    """Begin to wait for the import of `sklearn.mixture`."""
    if _MODULE in sys.modules:
        _patch()
    elif _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Stop waiting."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


def _patch_after(loader: Any) -> None:
    """Let a loader patch after it has run the module; its class and other methods stay."""

    def exec_module(module: ModuleType) -> None:
        del loader.exec_module
        loader.exec_module(module)
        uninstall()
        _patch()

    loader.exec_module = exec_module


def _patch() -> None:
    try:
        __import__("gmmfast")  # patches, since the environment variable requests it
    except Exception as error:  # noqa: BLE001 (whatever fails, scikit-learn must be usable)
        warnings.warn(
            "GMMFAST_PATCH_SKLEARN: expected to patch scikit-learn, which remains as it is: "
            f"{type(error).__name__}: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
