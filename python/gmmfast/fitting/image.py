"""From a picture to a fitted mixture that remembers what it is a picture of.

Assumes any picture that `gmmfast.images` reads. Guarantees that all its pixels are fitted,
that the result is an estimator like any other, whose `extent_` lets `render_grid` paint the
same picture at any size, and that picture, arguments and seed alone decide the result, not the
number of threads.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import images
from gmmfast._checks import check_count, check_n_threads, shown
from gmmfast._choices import CRITERIA, DEFAULT_MAX_ITER, DEFAULT_N_COMPONENTS, KINDS
from gmmfast.estimators import BayesianGaussianMixture, GaussianMixture
from gmmfast.estimators.start import STARTS, start
from gmmfast.fitting.image_start import image_start
from gmmfast.fitting.selection import Trial, best_of, check_candidates, shared_samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from gmmfast.estimators.progress import Progress
    from gmmfast.estimators.start import Start
    from gmmfast.images import ImageSource

    Array = NDArray[np.float64]

#: Candidates by default, up to the default number of components.
_CANDIDATES = (10, 20, 50, 100, 200, 500, 1000)

#: Pixels that defaults leave for each component: a covariance of (x, y, r, g, b) with its mean
#: and weight is 21 numbers.
_PIXELS_PER_COMPONENT = 20

#: A pixel is a unit square and an 8-bit level a unit interval, of variance 1/12 each.
PIXEL_VARIANCE = 1 / 12


class _Picture(NamedTuple):
    """Points to fit, and what they are of."""

    points: Array
    darkness: Array | None
    kind: str
    shape: tuple[int, int]


def fit_image(  # noqa: PLR0913 (a user's choices, all by name)
    image: ImageSource,
    n_components: int | str | None = None,
    *,
    kind: str = "auto",
    covariance_type: str = "full",
    reg_covar: float = PIXEL_VARIANCE,
    max_iter: int = DEFAULT_MAX_ITER,
    tol: float = 1e-3,
    init_params: str = "image",
    candidates: Iterable[int] | None = None,
    prior: str | None = None,
    threshold: float | str | None = None,
    random_state: Any = 0,
    progress: Progress = None,
    n_threads: int | None = None,
) -> GaussianMixture | BayesianGaussianMixture:
    """Fit a Gaussian mixture to all pixels of a picture.

    Parameters
    ----------
    image : str, os.PathLike, binary file, PIL.Image.Image or ndarray
        Any picture: see `gmmfast.images.read_image`.
    n_components : int or {"bic", "aic", "icl"}, optional
        The number of components; or the criterion that chooses it from `candidates` (see
        `select_n_components`); with a prior the most that there may be. By default 1000 for
        colour and 500 for ink, and at most one for 20 pixels (at least one).
    kind : {"auto", "color", "ink"}
        What is fitted: the (x, y, r, g, b) of every pixel, or the (x, y) of every pixel that
        is not white, weighted by its darkness, 0 (white) to 1 (black) in ITU-R BT.601 luma.
        "auto" is ink if no pixel has a colour, else colour.
    covariance_type : {"full", "tied", "diag", "spherical"}
        As in scikit-learn.
    reg_covar : float
        Added to variances. The default is the variance of a pixel, a unit square, and of a
        level, a unit interval: 1/12 each. With less, components become spikes.
    max_iter, tol
        As in scikit-learn; `max_iter` is the most, and no warning tells if more would have
        been needed: `converged_` does.
    init_params : str
        "image" starts from compact cells of pixels, refined on a sample of them; it leads to
        a higher likelihood and a better picture than scikit-learn's "kmeans", "k-means++",
        "random" and "random_from_data", which may be asked for, too.
    candidates : iterable of int, optional
        Numbers of components that a criterion chooses from. By default 10, 20, 50, 100, ... up
        to the default number of components.
    prior : {"dirichlet_process"}, optional
        Fit a variational mixture with a Dirichlet process prior, scikit-learn's defaults for
        it, and drop components that hold less than one pixel (but not the fullest).
    threshold : float in [0, 255] or "otsu", optional
        For ink: pixels up to this luma are ink and weigh 1, others are left out; "otsu" tells
        it from the picture.
    random_state : int, RandomState instance or None
        As in scikit-learn.
    progress : bool or callable, optional
        Called with (n_iter, lower_bound) after each iteration on all pixels; True writes a
        line on standard error if that is a terminal.
    n_threads : int, optional
        Number of threads; by default all that the process may use.

    Returns
    -------
    GaussianMixture or BayesianGaussianMixture
        Fitted; a Bayesian one if there is a prior, whose `n_components` is what is left.
        Attributes besides scikit-learn's: `kind_`, "color" or "ink"; `image_shape_`, (height,
        width); `extent_`, ((x_min, x_max), (y_min, y_max)) of the picture in pixels, which
        `render_grid` takes: any shape shows the same picture. A criterion leaves
        `selection_`, with `criterion`, `n_components`, `scores` and `best`. Its `init_params`
        is scikit-learn's default after the start "image", which is no estimator's.

    Raises
    ------
    ValueError, TypeError, OSError
        A picture that cannot be read, has no ink, or fewer than two pixels (of ink) or fewer
        than components; an argument that is not as above.

    Examples
    --------
    >>> import numpy as np
    >>> import gmmfast
    >>> picture = np.full((20, 30, 3), [200, 40, 40], dtype=np.uint8)
    >>> picture[:, 15:] = [20, 90, 160]
    >>> model = gmmfast.fit_image(picture, 2)
    >>> model.kind_, model.image_shape_, model.extent_
    ('color', (20, 30), ((-0.5, 29.5), (-0.5, 19.5)))
    >>> larger = gmmfast.render_grid(model, (200, 300), dtype=np.uint8)
    >>> larger[100, [10, 290]]
    array([[200,  40,  40],
           [ 20,  90, 160]], dtype=uint8)
    """
    threads = check_n_threads(n_threads)
    _check_choices(kind, prior, init_params)
    criterion = _check_order(n_components, candidates, prior)
    picture = _read(image, kind, threshold)
    parameters: dict[str, Any] = {
        "covariance_type": covariance_type,
        "reg_covar": reg_covar,
        "max_iter": max_iter,
        "tol": tol,
        "random_state": random_state,
    }
    if init_params != "image":
        parameters["init_params"] = init_params
    begin: Start = image_start if init_params == "image" else start
    model: GaussianMixture | BayesianGaussianMixture
    if prior is not None:
        _check_enough_ink(picture, prior)
        model = BayesianGaussianMixture(weight_concentration_prior_type=prior, **parameters)
    else:
        model = GaussianMixture(**parameters)
    samples = shared_samples(model, picture.points, picture.darkness, threads)
    if criterion is not None:
        numbers = _candidates(candidates, picture)
        model = best_of(samples, numbers, Trial(model, criterion, progress, begin))
    else:
        model.set_params(n_components=_n_components(n_components, picture))
        model._fit_in_memory(samples, progress, begin)  # noqa: SLF001
    if isinstance(model, BayesianGaussianMixture):
        _drop_empty(model)
    model.kind_, model.image_shape_ = picture.kind, picture.shape
    model.extent_ = images.image_extent(picture.shape)
    return model


def _check_choices(kind: str, prior: str | None, init_params: str) -> None:
    choices = {
        "kind": (kind, ("auto", *KINDS)),
        "prior": (prior, (None, "dirichlet_process")),
        "init_params": (init_params, ("image", *STARTS)),
    }
    for argument, (got, known) in choices.items():
        if not (got is None or isinstance(got, str)) or got not in known:
            raise ValueError(f"{argument}: expected one of {known}, got {shown(got)}")


def _check_order(
    n_components: int | str | None, candidates: Iterable[int] | None, prior: str | None
) -> str | None:
    """Return the criterion that chooses the number of components, or None for a number."""
    criterion = n_components if isinstance(n_components, str) else None
    if criterion is not None:
        if criterion not in CRITERIA:
            raise ValueError(
                f"n_components: expected a number or one of {CRITERIA}, got {shown(criterion)}"
            )
        if prior is not None:
            raise ValueError(
                f"n_components: expected a number with prior={prior!r}, which chooses how many "
                f"of them there are, got {criterion!r}; pass the most that there may be"
            )
    elif candidates is not None:
        raise ValueError(
            "candidates: expected None unless a criterion chooses from them, got "
            f"{shown(candidates)}; pass n_components='bic', 'aic' or 'icl'"
        )
    return criterion


def _read(image: ImageSource, kind: str, threshold: float | str | None) -> _Picture:
    pixels = images.read_image(image)
    if kind == "auto":
        is_grey = bool((pixels == pixels[..., :1]).all())
        kind = "ink" if is_grey else "color"
    if kind == "color" and threshold is not None:
        raise ValueError(
            f"threshold: expected None for a picture in colour, got {shown(threshold)}; pass "
            "kind='ink' to fit its dark pixels"
        )
    if not (threshold is None or _is_threshold(threshold)):
        raise ValueError(
            f"threshold: expected a number in [0, 255], 'otsu' or None, got {shown(threshold)}; "
            "pass 'otsu' to tell it from the picture, None to weigh pixels by their darkness"
        )
    darkness = None
    if kind == "color":
        points = images.color_points(pixels)
    elif threshold is None:
        points, darkness = images.weighted_ink_points(pixels)
    else:
        points = images.ink_points(pixels, None if isinstance(threshold, str) else threshold)
    if len(points) < 2:
        what = "pixels" if kind == "color" else "pixels of ink"
        raise ValueError(
            f"image: expected at least 2 {what}, got {len(points)}; pass a larger picture"
        )
    return _Picture(points, darkness, kind, pixels.shape[:2])


def _is_threshold(threshold: object) -> bool:
    if isinstance(threshold, str):
        return threshold == "otsu"
    is_number = isinstance(threshold, Real) and not isinstance(threshold, bool | np.bool_)
    return is_number and 0 <= threshold <= 255  # type: ignore[operator]


def _check_enough_ink(picture: _Picture, prior: str) -> None:
    """Refuse so little ink that there is no covariance for the prior to expect."""
    ink = len(picture.points) if picture.darkness is None else picture.darkness.sum()
    if ink <= 1:
        raise ValueError(
            f"image: expected the darkness of more than one black pixel with prior={prior!r}, "
            f"got {ink:.3g} of them; pass a darker picture, or a threshold, up to which each "
            "pixel counts as black"
        )


def _n_components(n_components: Any, picture: _Picture) -> int:
    n_points = len(picture.points)
    if n_components is None:
        most = max(1, n_points // _PIXELS_PER_COMPONENT)
        return min(DEFAULT_N_COMPONENTS[picture.kind], most)
    number = check_count("n_components", n_components)
    if number > n_points:
        raise ValueError(
            f"n_components: expected at most {n_points}, as many as the picture has "
            f"{picture.kind} points, got {number}; fit fewer components or a larger picture"
        )
    return number


def _candidates(candidates: Iterable[int] | None, picture: _Picture) -> list[int]:
    if candidates is not None:
        return check_candidates(candidates, len(picture.points))
    most = _n_components(None, picture)
    return [number for number in _CANDIDATES if number <= most] or [most]


def _drop_empty(model: BayesianGaussianMixture) -> None:
    """Leave out components that hold less than one point, as if they had never been there."""
    # The first parameter of a component's stick is 1 more than what it holds.
    counts = model.weight_concentration_[0] - 1
    kept = np.flatnonzero(counts >= min(1, counts.max()))
    model._estimate_weights(counts[kept])  # noqa: SLF001 (the sticks of those that stay)
    model.mean_precision_ = model.mean_precision_[kept]
    model.means_ = model.means_[kept]
    if model.covariance_type != "tied":
        model.degrees_of_freedom_ = model.degrees_of_freedom_[kept]
        model.covariances_ = model.covariances_[kept]
        model.precisions_cholesky_ = model.precisions_cholesky_[kept]
    model.set_params(n_components=len(kept))
    model._set_parameters(model._get_parameters())  # noqa: SLF001 (weights and precisions)
