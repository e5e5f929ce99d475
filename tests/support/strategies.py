"""Strategies of Hypothesis for arrays, mixtures, grids and files, and the budget of their tests.

The ordinary tests try a few fixed examples. `make soak` sets GMMFAST_TEST_EXAMPLES and tries as
many new ones.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from gmmfast import Mixture
from support.models import EVERY_TYPE

SOAK = int(os.environ.get("GMMFAST_TEST_EXAMPLES", "0"))


def budget(n_examples):
    """Settings of a test with so many fixed examples, or with those of a soak."""
    return settings(
        max_examples=SOAK or n_examples,
        derandomize=not SOAK,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


#: Numbers that every dtype of `variants` holds exactly.
small_integers = st.integers(-100, 100).map(float)
coordinates = st.floats(-1e3, 1e3, allow_subnormal=False)
variances = st.floats(1e-3, 1e3)


@st.composite
def mixtures(draw, max_components=6, max_features=4):
    """Mixtures of every covariance type, some of whose weights may be 0."""
    n, d = draw(st.integers(1, max_components)), draw(st.integers(1, max_features))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = np.array(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)), float)
    weights[0] += 1
    means = np.array(draw(st.lists(coordinates, min_size=n * d, max_size=n * d))).reshape(n, d)
    kind = draw(st.sampled_from(EVERY_TYPE))
    scale = draw(variances)
    roots = rng.normal(size=(n, d, d))
    full = scale * (roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(d))
    full = (full + full.transpose(0, 2, 1)) / 2
    some = scale * rng.uniform(0.1, 10, size=(n, d))
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": some,
        "spherical": some[:, 0],
        "tied-diag": some[0],
        "tied-spherical": some[0, :1],
    }
    return Mixture(weights / weights.sum(), means, covariances[kind], covariance_type=kind)


def extents(n_axes):
    """Extents of some axes, some of them downwards."""
    pair = st.tuples(coordinates, coordinates).filter(lambda ends: abs(ends[0] - ends[1]) > 1e-6)
    return st.lists(pair, min_size=n_axes, max_size=n_axes)


def misaligned(array):
    raw = bytearray(array.nbytes + 1)
    raw[1:] = np.ascontiguousarray(array).tobytes()
    return np.frombuffer(raw, array.dtype, offset=1).reshape(array.shape)


def spread(array):
    wide = np.zeros((2 * array.shape[0], 3 * array.shape[1]))
    wide[::2, ::3] = array
    return wide[::2, ::3]


def read_only(array):
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def mapped(array):
    """A memory map of a file that lives until the process ends."""
    folder = tempfile.mkdtemp(prefix="gmmfast-test-")
    path = Path(folder, "array.npy")
    np.save(path, array)
    opened = np.load(path, mmap_mode="r")
    path.unlink()
    Path(folder).rmdir()
    return opened


#: The same integers in arrays of other layouts, byte orders and dtypes.
VARIANTS = {
    "Fortran": np.asfortranarray,
    "spread": spread,
    "reversed": lambda array: np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1],
    "read-only": read_only,
    "swapped": lambda array: array.astype(array.dtype.newbyteorder("S")),
    "misaligned": misaligned,
    **({} if os.name == "nt" else {"mapped": mapped}),  # open files cannot be removed there
    "float16": lambda array: array.astype(np.float16),
    "float32": lambda array: array.astype(np.float32),
    "longdouble": lambda array: array.astype(np.longdouble),
    "int8": lambda array: array.astype(np.int8),
    "int64": lambda array: array.astype(np.int64),
    "list": np.ndarray.tolist,
}
