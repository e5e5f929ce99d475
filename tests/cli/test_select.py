"""Tests of cli/select.py: outputs are decoded and compared with the arrays of the package."""

import numpy as np
import pytest

from gmmfast import fit_image, images, render_grid


def test_a_criterion_is_tabled_and_drawn(gmmfast, photo):
    options = [
        "--candidates",
        "2,4,8",
        "--max-iter",
        "3",
        "--criterion",
        "aic",
        "--criterion",
        "bic",
    ]
    names = [part for name in ("s.npz", "s.png", "s.svg") for part in ("-o", name)]
    outcome = gmmfast("select", photo, *options, *names)
    assert outcome.status == 0, outcome.stderr
    scores = np.load("s.npz")
    assert scores["n_components"].tolist() == [2, 4, 8]
    for column, criterion in enumerate(("aic", "bic")):
        fitted = fit_image(photo, criterion, kind="color", candidates=[2, 4, 8], max_iter=3)
        np.testing.assert_allclose(scores[criterion], fitted.selection_.scores, rtol=1e-9)
        rows = [line.split() for line in outcome.stdout.splitlines()[1:]]
        best = [int(row[0]) for row in rows if row[1 + column].endswith("*")]
        assert best == [fitted.selection_.best]
    assert images.read_image("s.png").shape == (420, 640, 3)
    assert gmmfast("select", photo, *options[:4]).status == 0  # the table alone


def test_the_psnr_of_each_candidate_is_listed(gmmfast, photo):
    options = ["--candidates", "2,8", "--max-iter", "3"]
    outcome = gmmfast("select", photo, *options, "--psnr", "-o", "s.npz")
    assert outcome.status == 0, outcome.stderr
    header, *rows = [line.split() for line in outcome.stdout.splitlines()[:3]]
    assert header == ["components", "bic", "PSNR"]
    psnrs = np.load("s.npz")["psnr_bic"]
    assert [float(row[2]) for row in rows] == pytest.approx(psnrs, abs=0.006)
    for n_components, psnr in zip((2, 8), psnrs, strict=True):
        model = fit_image(photo, n_components, kind="color", max_iter=3)
        painting = render_grid(model, model.image_shape_, dtype=np.uint8)
        assert images.psnr(painting, images.read_image(photo)) == pytest.approx(psnr, abs=1e-6)
    assert "got ink" in gmmfast("select", photo, "--ink", "--psnr").stderr
