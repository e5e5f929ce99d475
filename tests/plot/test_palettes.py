"""Tests of plot/palettes.py."""

import gmmfast
from gmmfast import plot
from gmmfast.plot import palettes
from support.checks import check_message, refusal


def test_palettes_are_known_by_name_or_given():
    ramp = gmmfast.styles.Ramp(("#000000", "#ffffff"))
    assert palettes.palette_of(ramp) is ramp
    assert set(gmmfast.styles.STYLES) < set(plot.PALETTES)
    check_message(refusal(ValueError, palettes.palette_of, "plaid"), "palette: ")
