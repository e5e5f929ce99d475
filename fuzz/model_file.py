"""Coverage-guided fuzzing of the loader of model files, by atheris.

    python fuzz/model_file.py fuzz/corpus/model_file tests/mixture/golden -max_total_time=60

A file is a mixture, or a ValueError says that it is not. Anything else is a crash.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gmmfast.mixture", "zipfile", "numpy.lib.format"]):
    from gmmfast import Mixture

PATH = Path(tempfile.mkdtemp(prefix="gmmfast-fuzz-"), "model.npz")


def load(content: bytes) -> None:
    """Load a file of these bytes."""
    PATH.write_bytes(content)
    try:
        Mixture.load(PATH)
    except ValueError as error:
        if not str(error).startswith("path: expected") or len(str(error)) > 1000:
            raise RuntimeError("another message") from error


if __name__ == "__main__":
    atheris.Setup(sys.argv, load)
    atheris.Fuzz()
