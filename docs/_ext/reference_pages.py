"""A Sphinx extension that writes a page of reference for each public name.

The names are those in `__all__` of the modules in `MODULES`.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from command_pages import write_changed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

MODULES = {
    "gmmfast": "Models, rendering, fitting",
    "gmmfast.images": "Pictures as arrays and points",
    "gmmfast.plot": "Displays",
    "gmmfast.styles": "Styles",
    "gmmfast.animation": "Animations",
    "gmmfast.rendering": "Survivors of culling",
    "gmmfast.storage": "Pictures larger than memory",
    "gmmfast.dask": "Clusters",
}


def write_pages(app: Sphinx) -> None:
    """Write an overview and a page a name into docs/generated/api."""
    folder = Path(app.srcdir, "generated", "api")
    folder.mkdir(parents=True, exist_ok=True)
    seen: set[int] = set()
    overview = ["API", "===", ""]
    for module_name, title in MODULES.items():
        module = import_module(module_name)
        names = [name for name in module.__all__ if not name.startswith("__")]
        objects = {name: getattr(module, name) for name in names}
        # A name that two modules export, such as render_grid, has one page.
        objects = {name: value for name, value in objects.items() if id(value) not in seen}
        seen |= {id(value) for value in objects.values()}
        heading = f"{title}: ``{module_name}``"
        overview += [heading, "-" * len(heading), "", f".. currentmodule:: {module_name}", ""]
        pages = []
        for name, value in objects.items():
            if not (inspect.isclass(value) or inspect.isfunction(value)):
                overview += [f".. autodata:: {module_name}.{name}", "   :no-value:", ""]
                continue
            page = f"{module_name}.{name}"
            pages.append(page)
            overview += [f":doc:`{name} <{page}>`", f"   {summary(value)}", ""]
            write_changed(
                folder / f"{page}.rst", "\n".join(page_lines(module_name, name, value)) + "\n"
            )
        overview += [".. toctree::", "   :hidden:", "", *(f"   {page}" for page in pages), ""]
    write_changed(folder / "index.rst", "\n".join(overview) + "\n")


def page_lines(module: str, name: str, value: Any) -> Iterator[str]:
    """Yield the lines of a name's page."""
    yield from (name, "=" * len(name), "", f".. currentmodule:: {module}", "")
    if inspect.isfunction(value):
        yield f".. autofunction:: {name}"
        return
    yield from (f".. autoclass:: {name}", "   :members:")
    # scikit-learn documents what its classes inherit.
    if not issubclass(value, BaseEstimator | tuple):
        yield "   :inherited-members:"


def summary(value: Any) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")


def skip_requests(_: Sphinx, __: str, name: str, *___: Any) -> bool | None:
    """Skip the methods that scikit-learn adds to route metadata."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-skip-member", skip_requests)
    return {"parallel_read_safe": True}
