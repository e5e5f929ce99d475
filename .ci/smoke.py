"""Smoke test of an installed wheel: `python .ci/smoke.py`, in a fraction of a second.

A picture is fitted, rendered, sampled, written and read; the command runs. The random numbers
have the same bits on every machine, and every array agrees with formulas in NumPy.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
import tempfile
from pathlib import Path

import numpy as np

import gmmfast
from gmmfast import cli, images

#: The first digits of the SHA-256 of 10,000 samples.
SAMPLES = "9db8d50a3f504699"


def check(name: str, *, succeeded: bool) -> None:
    """Report a check, and end the test if it failed."""
    sys.stdout.write(f"{'ok' if succeeded else 'FAILED'}  {name}\n")
    if not succeeded:
        sys.exit(1)


def main() -> None:
    """Run all checks."""
    y, x = np.indices((40, 60))
    waves = [np.sin(x / 9), np.cos(y / 7), np.sin((x + y) / 11)]
    picture = np.stack([128 + 100 * wave for wave in waves], axis=-1).astype(np.uint8)
    model = gmmfast.fit_image(picture, 30)
    painting = gmmfast.render_grid(model, (40, 60), dtype="uint8")
    check("a painting is near its picture", succeeded=images.psnr(painting, picture) > 25)

    means, variances = np.array([[1.0, 2.0], [5.0, 3.0]]), np.array([2.0, 0.5])
    mixture = gmmfast.Mixture([0.25, 0.75], means, variances)
    axes = np.arange(7)[None, :, None], np.arange(5)[:, None, None]
    squares = sum((axis - mean) ** 2 for axis, mean in zip(axes, means.T, strict=True))
    density = np.exp(-squares / 2 / variances) / (2 * np.pi * variances) @ [0.25, 0.75]
    close = np.allclose(gmmfast.render_grid(mixture, (5, 7)), density, rtol=1e-13, atol=0)
    check("a density agrees with its formula", succeeded=close)

    samples = mixture.sample(10_000, random_state=0)
    check("samples have the mean", succeeded=np.allclose(samples.mean(0), [4, 2.75], atol=0.1))
    digest = hashlib.sha256(samples.astype("<f8").tobytes()).hexdigest()
    check("samples have the same bits as everywhere", succeeded=digest[:16] == SAMPLES)
    many, one = (mixture.sample(1000, random_state=1, n_threads=n) for n in (2, 1))
    check("threads change no bit", succeeded=bool((many == one).all()))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.npz")
        gmmfast.Mixture.from_model(model).save(path)
        loaded = gmmfast.render_grid(gmmfast.Mixture.load(path), (40, 60), dtype="uint8")
        check("a file has the whole model", succeeded=bool((loaded == painting).all()))
        with contextlib.chdir(folder):
            images.write_image("picture.png", picture)
            sys.argv = ["gmmfast", "paint", "picture.png", "-k", "9", "-o", "out.png"]
            cli.main()
        check("the command paints", succeeded=Path(folder, "out.png").exists())


if __name__ == "__main__":
    main()
