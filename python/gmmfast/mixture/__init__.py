"""The class `Mixture`: a validated, immutable Gaussian mixture."""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.mixture.conditional import ConditionalMixtures
    from gmmfast.mixture.mixture import Mixture

__all__ = ["ConditionalMixtures", "Mixture"]

__getattr__, __dir__ = attach(
    __name__,
    {"ConditionalMixtures": "gmmfast.mixture.conditional", "Mixture": "gmmfast.mixture.mixture"},
)
