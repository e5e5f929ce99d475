"""Sums of values that several processes compute: the same bits in whatever order they come."""

from __future__ import annotations

import operator
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def added(one: Any, other: Any) -> Any:
    """Return the sum of two values, of which None is no value."""
    if one is None or other is None:
        return other if one is None else one
    return one + other


class PartialSum:
    """The sum of some of many values, in the order of a binary tree over all of them.

    Node (level, i) of the tree is the sum of the values from i 2^level to (i + 1) 2^level. A node
    takes the place of its two children as soon as both are known, so neighbors take little space.
    """

    def __init__(self, nodes: dict[tuple[int, int], Any]) -> None:
        self._nodes = nodes

    def __add__(self, other: PartialSum) -> PartialSum:
        nodes = dict(self._nodes)
        for (level, i), value in other._nodes.items():
            _insert(nodes, level, i, value)
        return PartialSum(nodes)

    def total(self) -> Any:
        """Return the sum, from the first node to the last."""
        nodes = sorted(self._nodes.items(), key=lambda node: node[0][1] << node[0][0])
        return reduce(added, (value for _, value in nodes))


def _insert(nodes: dict[tuple[int, int], Any], level: int, i: int, value: Any) -> None:
    while (level, i ^ 1) in nodes:
        sibling = nodes.pop((level, i ^ 1))
        value = added(sibling, value) if i % 2 else added(value, sibling)
        level, i = level + 1, i // 2
    nodes[level, i] = value


def part_of_sum(function: Callable[[Any], Any], places: Sequence[int], *blocks: Any) -> PartialSum:
    """Return the sum of the values of a function for the blocks at some places."""
    pairs = zip(places, blocks, strict=True)
    return reduce(operator.add, (PartialSum({(0, i): function(block)}) for i, block in pairs))


def joined(*parts: PartialSum) -> PartialSum:
    """Return the sum of partial sums."""
    return reduce(operator.add, parts)
