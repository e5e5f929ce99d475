"""The public names of gmmfast exist and are documented."""

import pytest

import gmmfast


@pytest.mark.parametrize("name", gmmfast.__all__)
def test_every_public_name_has_a_docstring(name):
    assert name in dir(gmmfast)
    assert getattr(gmmfast, name).__doc__.strip()
