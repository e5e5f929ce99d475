"""Fixtures for the tests of the commands."""

import pytest

from gmmfast import images
from support.animation_files import waves


@pytest.fixture
def picture(tmp_path):
    """A smooth picture, as a file."""
    images.write_image(tmp_path / "photo.png", waves())
    return tmp_path / "photo.png"
