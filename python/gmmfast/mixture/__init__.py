"""The model: a validated Gaussian mixture and what it can be asked."""

from gmmfast.mixture.conditional import ConditionalMixtures
from gmmfast.mixture.mixture import Mixture

__all__ = ["ConditionalMixtures", "Mixture"]
