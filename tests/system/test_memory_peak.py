"""Test of memory: a render holds at most 64 MiB above its result, for any size."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("peak_memory.py")

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


def peak(*arguments):
    """Mebibytes above the result, of n_components, n_features, height, n_threads, dtype."""
    command = [sys.executable, SCRIPT, *map(str, arguments)]
    return float(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("n_features", [2, 5])
def test_a_hundred_thousand_components_take_64_mebibytes(n_features, n_threads):
    assert peak(100_000, n_features, 2048, n_threads, "float64") <= 64


@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_a_thousand_components_take_next_to_nothing_at_any_size(dtype):
    assert peak(1000, 5, 4096, 2, dtype) <= 8


FIT = SCRIPT.with_name("peak_memory_fit.py")


@pytest.mark.parametrize(
    ("init_params", "n_components"), [("kmeans", "20"), ("random_from_data", "500")]
)
def test_a_fit_takes_at_most_three_times_its_data(init_params, n_components):
    command = [sys.executable, "-W", "ignore", FIT, "900000", n_components, init_params, "2"]
    times = float(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    assert times <= 3


PAINTING = SCRIPT.with_name("peak_memory_painting.py")


@pytest.mark.parametrize(("height", "n_components"), [(1024, 1000), (512, 20_000)])
def test_a_refinement_takes_40_bytes_a_pixel_and_2_kilobytes_a_component(height, n_components):
    command = [sys.executable, PAINTING, str(height), str(n_components)]
    taken = float(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    assert taken <= 40 * height * 2048 + 2048 * n_components
