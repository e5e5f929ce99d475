"""Tests of fitting/sums.py: a sum has the same bits in whatever order its parts come."""

import numpy as np
import pytest

from gmmfast.fitting.sums import PartialSum, joined, part_of_sum


def leaf(i, value):
    return PartialSum({(0, i): value})


@pytest.mark.parametrize("n_values", [1, 2, 5, 8, 37])
def test_a_sum_has_the_same_bits_in_any_order(n_values):
    rng = np.random.default_rng(n_values)
    values = rng.normal(size=n_values) * 10.0 ** rng.integers(-9, 9, n_values)
    leaves = [leaf(i, value) for i, value in enumerate(values)]
    want = joined(*leaves).total()
    assert want == pytest.approx(values.sum(), abs=1e-3)
    for _ in range(20):
        order = rng.permutation(n_values)
        groups = np.array_split(order, rng.integers(1, n_values + 1))
        parts = [joined(*(leaves[i] for i in group)) for group in groups]
        assert joined(*parts).total() == want


def test_neighbors_are_one_value_and_others_are_not():
    assert len(joined(*(leaf(i, 1.0) for i in range(8, 16)))._nodes) == 1
    assert len(joined(*(leaf(i, 1.0) for i in range(0, 16, 2)))._nodes) == 8


def test_blocks_without_a_value_add_nothing():
    leaves = [leaf(0, None), leaf(1, 2.0), leaf(2, None)]
    assert joined(*leaves).total() == 2.0
    assert joined(leaves[0], leaves[2]).total() is None


def test_a_part_knows_the_places_of_its_blocks():
    parts = [part_of_sum(len, [2, 0], "abc", "a"), part_of_sum(len, [1], "ab")]
    assert joined(*parts).total() == 6
    assert parts[0]._nodes == {(0, 2): 3, (0, 0): 1}
