"""Fit a mixture to a picture.

Assumes any picture that `gmmfast.images` reads. Guarantees that all its pixels are fitted,
that the result is an ordinary model, whose `extent_` lets `render_grid` paint the same picture
at any size, and that the result depends on picture, arguments and seed alone, not on the number of
threads.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast import images
from gmmfast._validation import check_n_threads, check_positive, describe
from gmmfast.image_models.defaults import DEFAULT_MAX_ITER, KINDS, N_CHANNELS
from gmmfast.image_models.estimator import estimator_of, parameters_of
from gmmfast.image_models.painting import Budget, fit_painting
from gmmfast.image_models.pixels import (
    PIXEL_VARIANCE,
    FitSettings,
    Pixels,
    check_choice,
    check_init_params,
    check_only,
)
from gmmfast.images.kinds import picture_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gmmfast.estimators import BayesianGaussianMixture, GaussianMixture
    from gmmfast.fitting.report import Progress
    from gmmfast.images import ImageSource


def fit_image(
    image: ImageSource,
    n_components: int | str | None = None,
    *,
    kind: str = "auto",
    covariance_type: str = "full",
    reg_covar: float = PIXEL_VARIANCE,
    max_iter: int | None = None,
    tol: float = 1e-3,
    init_params: str = "image",
    acceleration: str | None = None,
    objective: str = "likelihood",
    time: float | None = None,
    psnr: float | None = None,
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
        color and gray and 500 for ink, and at most one for 20 pixels (at least one).
    kind : {"auto", "color", "gray", "ink"}
        The points to fit: the (x, y, r, g, b) of every pixel; its (x, y, luma); or the (x, y)
        of every pixel that is not white, weighted by its darkness, 0 (white) to 1 (black) in
        ITU-R BT.601 luma. "auto" is color if the picture has colors that are seen; else ink
        if it is bilevel or nearly so, such as a drawing, text or a scan, or if there is a
        threshold; else gray, a photograph. See Notes. With the objective "picture" also
        "color-alpha", (x, y, r, g, b, alpha), and "gray-alpha", (x, y, level, alpha), of an array
        (height, width, 4) or (height, width, 2) of uint8, whose channels are painted as they are.
    covariance_type : {"full", "tied", "diag", "spherical", "tied-diag", "tied-spherical"}
        As in scikit-learn.
    reg_covar : float
        Added to variances. The default is the variance of a pixel, a unit square, and of a
        level, a unit interval: 1/12 each. With less, components become spikes.
    max_iter, tol
        As in scikit-learn; by default 100 iterations. There is no warning if they were not
        enough; see `converged_`. With the objective "picture", the passes over it: see `refine`.
    init_params : str
        "image" starts from compact cells of pixels, refined on a sample of them; it leads to
        a higher likelihood and a better picture than scikit-learn's "kmeans", "k-means++",
        "random" and "random_from_data", which are also accepted.
    acceleration : {"momentum"}, optional
        Reach the same bound in about a third of the iterations: see `GaussianMixture.fit`.
    objective : {"likelihood", "picture"}
        "likelihood" is maximized by EM: the model explains how colors scatter. "picture"
        minimizes the squared error of the painting from a start drawn from the picture, without
        EM: the painting is sharp. It is for color and gray, of full covariances; `tol`,
        `init_params` and `random_state` do not matter.
    time : float, optional
        With the objective "picture": the limit of seconds.
    psnr : float, optional
        The quality of the painting in dB: the number of components grows by what is missing until
        the painting, rendered exactly in 8 bits at the picture's size, is that good. There are at
        most one for 20 pixels; a ConvergenceWarning tells if they, or the time, were not enough,
        and the best model is returned. The objective is "picture", `n_components` stays None, and
        `max_iter` counts the passes of each number that is tried, by default 200.
    candidates : iterable of int, optional
        Numbers of components that a criterion chooses from. By default 10, 20, 50, 100, ... up
        to the default number of components.
    prior : {"dirichlet_process"}, optional
        Fit a variational mixture with a Dirichlet process prior, scikit-learn's defaults for
        it, and drop components that hold less than one pixel (but not the fullest).
    threshold : float in [0, 255] or "otsu", optional
        For ink: pixels up to this luma are ink and weigh 1, others are left out; "otsu"
        computes it from the picture.
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
        Fitted; a Bayesian one if there is a prior; its `n_components` is the number of those left.
        Attributes in addition to scikit-learn's: `kind_`, "color", "gray", "ink", ...;
        `image_shape_`, (height, width); `extent_`, ((x_min, x_max), (y_min, y_max)) of the
        picture in pixels, which `render_grid` takes: any shape shows the same picture. A
        criterion leaves `selection_`, with `criterion`, `n_components`, `scores`, `best` and
        `psnr`, the quality of each painting in dB, or None for ink.
        After the start "image" its `init_params` is scikit-learn's default.

    Raises
    ------
    ValueError, TypeError, OSError
        If the picture cannot be read, has no ink, or has fewer pixels (of ink) than two or than
        components; if an argument is not as above.

    Notes
    -----
    Transparency is laid over white: transparent pixels are white to a fit of color or gray, and
    have weight zero as ink. `render_grid` gives gray pictures as (height, width), as Pillow
    takes them.

    A picture has colors that are seen if the PSNR of its luma is below 40 dB. It is nearly
    bilevel if at most 7 % of the pixels off the paper are in areas of levels that are neither
    its dark nor its bright one, the medians on both sides of Otsu's threshold.

    The fit, like those of `fit_video` and `select_n_components`, is gmmfast's own. Unlike
    `GaussianMixture.fit` it never falls back to scikit-learn's code, whatever of that a script
    has replaced.

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
    check_choice("objective", objective, ("likelihood", "picture"))
    if psnr is not None:
        check_only("n_components", n_components, (None,), "psnr")
        objective = "picture"
    if objective == "picture":
        for name, value, only in (
            ("kind", kind, ("auto", *N_CHANNELS)),
            ("covariance_type", covariance_type, ("full",)),
            ("prior", prior, (None,)),
            ("candidates", candidates, (None,)),
            ("threshold", threshold, (None,)),
            ("acceleration", acceleration, (None,)),
        ):
            check_only(name, value, only, "objective='picture'")
        check_init_params(init_params)
        check_positive("tol", tol, or_zero=True)
        budget = Budget(max_iter, time, reg_covar, n_threads, psnr=psnr)
        painting = fit_painting(image, kind, n_components, budget, progress)
        return estimator_of(painting, parameters_of(painting))
    check_only("time", time, (None,), "objective='likelihood'")
    settings = FitSettings(
        n_components,
        candidates,
        prior,
        init_params,
        acceleration,
        progress,
        check_n_threads(n_threads),
        {
            "covariance_type": covariance_type,
            "reg_covar": reg_covar,
            "max_iter": DEFAULT_MAX_ITER if max_iter is None else max_iter,
            "tol": tol,
            "random_state": random_state,
        },
    )
    return settings.estimator(read_pixels(image, kind, threshold))


def read_pixels(image: ImageSource, kind: str, threshold: float | str | None) -> Pixels:
    """Return the points of a picture that `fit_image` fits, after its checks."""
    check_choice("kind", kind, ("auto", *KINDS))
    pixels = images.read_image(image)
    if kind == "auto":
        kind = picture_kind(pixels)
        if threshold is not None and kind == "gray":
            kind = "ink"
    if kind != "ink" and threshold is not None:
        raise ValueError(
            f"threshold: expected None for a picture in {kind}, got {describe(threshold)}; pass "
            "kind='ink' to fit its dark pixels"
        )
    if not (threshold is None or _is_threshold(threshold)):
        raise ValueError(
            "threshold: expected a number in [0, 255], 'otsu' or None, "
            f"got {describe(threshold)}; pass 'otsu' to choose it by the picture, None to weigh "
            "pixels by their darkness"
        )
    darkness = None
    if kind == "color":
        points = images.color_points(pixels)
    elif kind == "gray":
        points = images.gray_points(pixels)
    elif threshold is None:
        points, darkness = images.weighted_ink_points(pixels)
    else:
        points = images.ink_points(pixels, None if isinstance(threshold, str) else threshold)
    if len(points) < 2:
        what = "pixels of ink" if kind == "ink" else "pixels"
        raise ValueError(
            f"image: expected at least 2 {what}, got {len(points)}; pass a larger picture"
        )
    shape = pixels.shape[:2]
    return Pixels(points, darkness, kind, shape, images.image_extent(shape))


def _is_threshold(threshold: object) -> bool:
    if isinstance(threshold, str):
        return threshold == "otsu"
    is_number = isinstance(threshold, Real) and not isinstance(threshold, bool | np.bool_)
    return is_number and 0 <= threshold <= 255  # type: ignore[operator]
