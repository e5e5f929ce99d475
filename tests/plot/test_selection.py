"""Tests of plot/selection.py."""

import numpy as np

import gmmfast
from gmmfast import GaussianMixture, plot
from support.checks import check_message, refusal


def test_selections_are_drawn_with_the_lowest_marked():
    points = np.concatenate([np.random.default_rng(0).normal(c, 1, (50, 2)) for c in (0, 9)])
    models = [
        gmmfast.select_n_components(points, [1, 2, 3, 4], criterion=criterion)
        for criterion in ("aic", "bic", "icl")
    ]
    display = plot.SelectionDisplay.from_estimator(*models)
    for model, line in zip(models, display.lines_, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), model.selection_.n_components)
        np.testing.assert_array_equal(line.get_ydata(), model.selection_.scores)
    best = [(m.selection_.best, m.selection_.scores.min()) for m in models]
    np.testing.assert_allclose(display.best_.get_offsets(), best)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["AIC", "BIC", "ICL"]
    again = plot.SelectionDisplay(selections=display.selections).plot()
    assert len(again.lines_) == 3
    for wrong in ([], [GaussianMixture(2).fit(points)]):
        check_message(
            refusal(ValueError, plot.SelectionDisplay.from_estimator, *wrong), "models: "
        )
