"""Tests of cli/select.py: outputs are decoded and compared with the arrays of the package."""

import numpy as np

from gmmfast import fit_image, images


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
