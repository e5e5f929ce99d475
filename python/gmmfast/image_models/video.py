"""Fit a mixture over position, time and color to a clip.

Time is a third position: a frame is a unit interval as a pixel is a unit square. A
moving object becomes a component that is slanted in time: between two frames it is on its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmfast import images
from gmmfast._validation import check_n_threads
from gmmfast.image_models.defaults import DEFAULT_MAX_ITER
from gmmfast.image_models.pixels import PIXEL_VARIANCE, FitSettings, Pixels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gmmfast.estimators import BayesianGaussianMixture, GaussianMixture
    from gmmfast.fitting.report import Progress
    from gmmfast.images import FramesSource


def fit_video(
    frames: FramesSource,
    n_components: int | str | None = None,
    *,
    covariance_type: str = "full",
    reg_covar: float = PIXEL_VARIANCE,
    max_iter: int = DEFAULT_MAX_ITER,
    tol: float = 1e-3,
    init_params: str = "image",
    acceleration: str | None = None,
    candidates: Iterable[int] | None = None,
    prior: str | None = None,
    random_state: Any = 0,
    progress: Progress = None,
    n_threads: int | None = None,
) -> GaussianMixture | BayesianGaussianMixture:
    """Fit a Gaussian mixture to all pixels of all frames of a clip.

    Parameters
    ----------
    frames : ndarray, iterable of pictures, str, os.PathLike, binary file or PIL.Image.Image
        An array (n_frames, height, width) or (n_frames, height, width, 3) of uint8, an
        iterable of pictures of one size, or an animated GIF, WebP or PNG: see
        `gmmfast.images.read_frames`.
    n_components : int or {"bic", "aic", "icl"}, optional
        The number of components, or the criterion that chooses it from `candidates`; with a
        prior the most that there may be. By default 1000, and at most one for 20 pixels (at
        least one).
    covariance_type : {"full", "tied", "diag", "spherical", "tied-diag", "tied-spherical"}
        As in scikit-learn; motion needs "full".
    reg_covar : float
        Added to variances. The default is the variance of a pixel, a frame and a level: 1/12.
    max_iter, tol, init_params, acceleration, candidates, prior, random_state, progress, \
n_threads
        As in `fit_image`; "image" starts from cells of space and time.

    Returns
    -------
    GaussianMixture or BayesianGaussianMixture
        Fitted to the points (x, y, t, r, g, b) of all pixels, six features. Attributes in
        addition to scikit-learn's: `kind_`, "video"; `image_shape_`, (n_frames, height, width);
        and `extent_`, which `render_grid` and `render_bands` take: a shape (n_frames, height,
        width) of any numbers shows the same clip, at any size and frame rate.

    Raises
    ------
    ValueError, TypeError, OSError
        If frames cannot be read or differ in size, if there are fewer pixels than two or than
        components, or if an argument is not as above.
    MemoryError
        If the points, 48 bytes each, do not fit in the available memory.

    See Also
    --------
    fit_image : Fit a mixture to one picture.

    Examples
    --------
    A bright bar that moves to the right, and the frames between its frames:

    >>> import numpy as np
    >>> import gmmfast
    >>> clip = np.full((8, 12, 30), 30, dtype=np.uint8)
    >>> for t in range(8):
    ...     clip[t, :, 3 * t : 3 * t + 6] = 220
    >>> model = gmmfast.fit_video(clip, 3)
    >>> model.extent_
    ((-0.5, 29.5), (-0.5, 11.5), (-0.5, 7.5))
    >>> slow = gmmfast.render_grid(model, (32, 12, 30), dtype="uint8")
    >>> slow.shape
    (32, 12, 30, 3)
    >>> slow[16, 6, [2, 14, 27], 0] > 128
    array([False,  True, False])
    """
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
            "max_iter": max_iter,
            "tol": tol,
            "random_state": random_state,
        },
    )
    return settings.estimator(read_clip(frames))


def read_clip(frames: FramesSource) -> Pixels:
    """Return the points of a clip that `fit_video` fits, after its checks."""
    clip = images.read_frames(frames)
    shape = clip.shape[:3]
    points = images.video_points(clip)
    if len(points) < 2:
        raise ValueError(
            f"frames: expected at least 2 pixels, got {len(points)}; pass a larger clip"
        )
    return Pixels(points, None, "video", shape, images.video_extent(shape))
