"""Tests of images/drawing.py: line drawings of photographs."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from gmmfast import images
from support.checks import check_message, refusal


def test_a_drawing_has_lines_at_edges_and_none_on_flat_ground():
    pixels = np.full((40, 60), 210, np.uint8)
    pixels[10:30, 20:40] = 120
    drawing = images.line_drawing(pixels)
    assert set(np.unique(drawing)) == {0, 255}
    rows, columns = np.nonzero(drawing == 0)
    # Ink is on the dark side, within three pixels of the edge.
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 29, 20, 39)
    assert (drawing[14:26, 24:36] == 255).all()


def test_more_detail_is_more_ink_and_wider_lines_are_wider():
    pixels = load_sample_image("flower.jpg")[::4, ::4]
    ink = [np.count_nonzero(images.line_drawing(pixels, 1.0, d) == 0) for d in (0.0, 0.5, 1.0)]
    assert ink[0] < ink[1] < ink[2]


@pytest.mark.parametrize(
    ("line_width", "detail"), [(0, 0.5), (np.inf, 0.5), (True, 0.5), (1, -0.1), (1, 1.1), (1, "x")]
)
def test_options_of_a_drawing_are_checked(line_width, detail):
    message = refusal(ValueError, images.line_drawing, np.zeros((3, 3)), line_width, detail)
    check_message(message, "line_width: |detail: ")
