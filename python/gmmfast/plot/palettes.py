"""Palettes of contour art: ramps from paper to the highest density, for lines and for areas."""

from __future__ import annotations

from gmmfast._validation import describe
from gmmfast.styles import STYLES, Ramp

#: Palettes by name; the styles' own are among them.
PALETTES: dict[str, Ramp] = {
    "azure": Ramp(("#fbfaf5", "#6f9be8", "#1b4fc4")),
    "ember": Ramp(("#17101f", "#5b1a4b", "#b3304f", "#f07a3a", "#fde8b0")),
    "lagoon": Ramp(("#f3f7f4", "#a8dadc", "#3f9aa8", "#1d5f7f", "#12284c")),
    "aurora": Ramp(("#0b1026", "#1f4068", "#1b9aaa", "#7bdc8f", "#f8f7c4")),
    "terracotta": Ramp(("#faf3e8", "#f0c9a2", "#d9825b", "#99413a", "#3f1f2b")),
    **{style.name: style.ramp for style in STYLES.values()},
}


def palette_of(palette: str | Ramp) -> Ramp:
    """Return the ramp of a palette; a ramp is returned as it is.

    Raises
    ------
    ValueError
        If `palette` is not the name of a palette.

    Examples
    --------
    >>> palette_of("ember").paper
    '#17101f'
    """
    if isinstance(palette, Ramp):
        return palette
    if not isinstance(palette, str) or palette not in PALETTES:
        raise ValueError(
            f"palette: expected a Ramp or one of {', '.join(PALETTES)}, got {describe(palette)}"
        )
    return PALETTES[palette]
