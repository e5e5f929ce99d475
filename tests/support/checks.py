"""Assertions that several test files use."""

import re

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from gmmfast import _memory, images

CLOSE = {"rtol": 1e-11, "atol": 1e-11}


def check_close(image, expected):
    """Equal to rounding of numbers of this size; covariances near 0 come of large ones."""
    expected = np.asarray(expected)
    atol = CLOSE["atol"] * max(1, np.abs(expected[np.isfinite(expected)], dtype=float).max())
    np.testing.assert_allclose(image, expected, rtol=CLOSE["rtol"], atol=atol)


def check_single(single, exact, quantity):
    """float32, rounded as float32 is: relative for a density, else at the size of the values."""
    assert single.dtype == np.float32
    if quantity == "label":
        np.testing.assert_array_equal(single, exact)
        return
    sizes = {"density": 2.0**-125, "log_density": 1, "entropy": 1}
    size = sizes.get(quantity, np.abs(exact).max())
    rounded = exact.astype(np.float32).astype(float)
    np.testing.assert_allclose(single, rounded, rtol=2.0**-23, atol=size * 2.0**-24)


def check_levels(levels, exact):
    assert levels.dtype == np.uint8
    clipped = np.clip(exact, 0, 255)
    rounded = np.rint(clipped)
    assert np.abs(levels - rounded).max() <= 1
    is_clear = np.abs(np.abs(clipped - np.floor(clipped)) - 0.5) > 0.02
    np.testing.assert_array_equal(levels[is_clear], rounded[is_clear])


def refusal(error, call, *arguments, **options):
    """The message of the error, of exactly this class, that the call raises."""
    with pytest.raises(Exception, match=r".") as caught:
        call(*arguments, **options)
    assert type(caught.value) is error, repr(caught.value)
    return str(caught.value)


def check_message(message, pattern):
    """`pattern` names the argument at the start; the message says what was expected and got."""
    assert re.match(pattern, message), message
    assert ": expected" in message, message
    assert " got " in message, message


def check_memory_limit(monkeypatch, call, n_bytes, told, small=0):
    """The call succeeds with as many bytes of memory, and is refused with one less.

    `told` is the argument that the error names, what it says that came, and the remedy. Results of
    up to `small` bytes are not checked.
    """
    argument, got, remedy = told
    monkeypatch.setattr(_memory, "SMALL", small)
    monkeypatch.setattr(_memory, "available_bytes", lambda: n_bytes)
    call()
    monkeypatch.setattr(_memory, "available_bytes", lambda: n_bytes - 1)
    assert refusal(MemoryError, call) == (
        f"{argument}: expected a result that fits into the {(n_bytes - 1) / 2**30:.2f} GiB of "
        f"memory available, got {got}, which needs {n_bytes / 2**30:.2f} GiB; {remedy}"
    )


def as_rgb(pixels):
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def check_same(picture, expected):
    """The picture, as a viewer shows it, is these pixels."""
    np.testing.assert_array_equal(images.read_image(picture), as_rgb(expected))


def structural_similarity(one, other):
    """Mean SSIM over windows of 7 pixels (Wang et al., IEEE Trans. Image Processing, 2004)."""

    def mean(values):
        return uniform_filter(values, 7)

    x, y = one.astype(float), other.astype(float)
    var_x, var_y = mean(x * x) - mean(x) ** 2, mean(y * y) - mean(y) ** 2
    covariance = mean(x * y) - mean(x) * mean(y)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean(x) * mean(y) + c1) * (2 * covariance + c2)
    return np.mean(likeness / ((mean(x) ** 2 + mean(y) ** 2 + c1) * (var_x + var_y + c2)))
