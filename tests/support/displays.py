"""Helpers for the tests of plot."""

from gmmfast import Mixture

FULL = [[[9.0, 4.0], [4.0, 6.0]], [[4.0, 0.0], [0.0, 25.0]]]

INK = ([0.4, 0.6], [[8.0, 6.0], [22.0, 14.0]], FULL)

EXTENT = ((-0.5, 29.5), (-0.5, 19.5))

PICTURE = Mixture(*INK, extent=EXTENT)

GRAY = ([0.5, 0.5], [[5.0, 5.0, 40.0], [15.0, 5.0, 200.0]], [9.0, 16.0])

ONE = ([0.3, 0.7], [[-1.0], [2.0]], [0.25, 1.0])
