"""Tests of mixture/chunks.py: how many rows a chunk has."""

import pytest

from gmmfast.mixture.chunks import CHUNK, row_slices, rows_per_chunk
from gmmfast.mixture.component_pairs import pairs_of
from support.models import build


@pytest.mark.parametrize("n_values", [1, 3, CHUNK - 1, CHUNK])
def test_a_chunk_has_as_many_rows_as_fit(n_values):
    n_rows = rows_per_chunk(n_values)
    assert n_rows * n_values <= CHUNK < (n_rows + 1) * n_values


@pytest.mark.parametrize("n_rows", [0, 1, 9, 10, 11, 25])
def test_chunks_are_all_rows_in_their_order(monkeypatch, n_rows):
    monkeypatch.setattr("gmmfast.mixture.chunks.CHUNK", 100)
    for n_values, step in ((10, 10), (11, 9), (100, 1), (101, 1)):
        slices = list(row_slices(n_rows, n_values))
        assert [i for each in slices for i in range(n_rows)[each]] == list(range(n_rows))
        assert all(each.stop - each.start == step for each in slices)


@pytest.mark.parametrize(("covariance_type", "n_values"), [("full", 5 * 3**2), ("diag", 5 * 3)])
def test_pairs_of_components_have_matrices_or_variances(monkeypatch, covariance_type, n_values):
    monkeypatch.setattr("gmmfast.mixture.chunks.CHUNK", 2 * n_values)
    left, right = (build(n, 3, covariance_type)._parameters() for n in (7, 5))
    steps = [each.stop - each.start for each in pairs_of(left, right).rows()]
    assert steps == [2, 2, 2, 2]
