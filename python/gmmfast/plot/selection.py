"""Criteria against the number of components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast.plot.base import Display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D

#: The colors of the criteria, in alphabetical order.
COLORS = {"aic": "#3f9aa8", "bic": "#1d2b4f", "icl": "#c8452f"}


class SelectionDisplay(Display):
    """AIC, BIC or ICL of several numbers of components, and the lowest of each.

    Parameters
    ----------
    selections : sequence of Selection
        The `selection_` of models that `select_n_components` or `fit_image` returned.

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        A curve a selection.
    best_ : matplotlib.collections.PathCollection
        The chosen numbers.
    ax_, figure_
        Where it is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> import gmmfast
    >>> from gmmfast.plot import SelectionDisplay
    >>> X = np.concatenate([np.random.default_rng(0).normal(c, 1, (60, 2)) for c in (0, 9)])
    >>> model = gmmfast.select_n_components(X, [1, 2, 3])
    >>> SelectionDisplay.from_estimator(model).best_.get_offsets()[0, 0].item()
    2.0
    """

    lines_: list[Line2D]
    best_: PathCollection

    def __init__(self, *, selections: Sequence[Any]) -> None:
        self.selections = list(selections)

    @classmethod
    def from_estimator(cls, *models: Any, ax: Axes | None = None) -> Self:
        """Draw the criteria that models were selected by.

        Parameters
        ----------
        *models : fitted estimators
            Each with a `selection_`: of one criterion each, for instance.
        ax : matplotlib Axes, optional
            By default those of a new figure.

        Returns
        -------
        SelectionDisplay

        Raises
        ------
        ValueError
            If there is no model, or one without `selection_`.
        ImportError
            If matplotlib is not installed.
        """
        cls._require()
        lacking = [type(model).__name__ for model in models if not hasattr(model, "selection_")]
        if lacking or not models:
            raise ValueError(
                "models: expected what select_n_components or fit_image with a criterion "
                f"returned, got {', '.join(lacking) or 'none'}; pass n_components='bic'"
            )
        return cls(selections=[model.selection_ for model in models]).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it on axes, by default on those of a new figure."""
        ax = self._take_axes(ax)
        self.lines_ = []
        for selection in self.selections:
            (line,) = ax.plot(
                selection.n_components,
                selection.scores,
                marker="o",
                ms=4,
                lw=1.6,
                color=COLORS.get(selection.criterion),
                label=selection.criterion.upper(),
            )
            self.lines_.append(line)
        lowest = [(selection.best, np.min(selection.scores)) for selection in self.selections]
        rims = [line.get_color() for line in self.lines_]
        numbers, scores = np.transpose(lowest)
        self.best_ = ax.scatter(
            numbers, scores, s=130, facecolors="none", edgecolors=rims, linewidths=1.6
        )
        tried = np.concatenate([selection.n_components for selection in self.selections])
        if tried.max() >= 20 * tried.min():
            ax.set_xscale("log")
        ax.set(xlabel="number of components", ylabel="criterion (lower is better)")
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
        return self
