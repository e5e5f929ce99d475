"""The HTML of models in notebooks: a slot that the top of the package fills.

Mixtures and estimators lie below the viewer, and must not import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_slots: dict[str, Callable[[Any], str | None]] = {}


def set_display(html_of_model: Callable[[Any], str | None]) -> None:
    """Set the function that returns the HTML of a model, or None if it has none."""
    _slots["html"] = html_of_model


def html_of(model: Any) -> str | None:
    """Return the HTML of a model, or None if it has none."""
    html_of_model = _slots.get("html")
    return None if html_of_model is None else html_of_model(model)
