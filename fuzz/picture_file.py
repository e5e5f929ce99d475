"""Coverage-guided fuzzing of the reader of pictures, by atheris.

    python fuzz/picture_file.py fuzz/corpus/picture_file -max_total_time=60 -rss_limit_mb=2000

A file is a picture, or a ValueError says that it is not. Anything else is a crash.
"""

import io
import sys
import warnings

import atheris

with atheris.instrument_imports(include=["gmmfast.images", "PIL"]):
    from PIL import Image

    from gmmfast.images import read_frames, read_image

Image.MAX_IMAGE_PIXELS = 50_000  # damaged headers name any size
warnings.simplefilter("ignore")


def read(content: bytes) -> None:
    """Read a picture, and a clip, of these bytes."""
    for reader, name in ((read_image, "image: "), (read_frames, "frames: ")):
        try:
            reader(io.BytesIO(content))
        except ValueError as error:
            if not str(error).startswith((name, "image: ")):
                raise RuntimeError("another message") from error


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
