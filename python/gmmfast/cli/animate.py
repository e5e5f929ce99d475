"""`gmmfast animate`: animations and films of mixtures."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gmmfast import images
from gmmfast.animation import (
    check_animation,
    filling_frames,
    growing_frames,
    refining_frames,
    sampling_frames,
    slicing_frames,
    video_frames,
    write_animation,
    zooming_frames,
)
from gmmfast.cli.fitting import FitOptions, fit_picture, fit_request, model_of, timed
from gmmfast.cli.inputs import PIPE, Source, read_picture, read_source
from gmmfast.cli.options import (
    PATH,
    SizeOptions,
    fit_options,
    output_option,
    size_options,
    style_option,
    tone_option,
)
from gmmfast.cli.outputs import Destinations, copy_to_stdout
from gmmfast.cli.progress import progress_bar
from gmmfast.cli.usage import refuse
from gmmfast.cli.watch import watch_option
from gmmfast.image_models.pixels import FitSettings
from gmmfast.image_models.video import read_clip
from gmmfast.mixture import Mixture
from gmmfast.styles import get_style
from gmmfast.tone import DEFAULT_TONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from gmmfast.tone import ToneCurve

    Frames = Iterator[NDArray[np.uint8]]

#: The default models: three components on a line, and three in the plane.
_ON_A_LINE = Mixture([0.25, 0.45, 0.3], [[0.0], [4.0], [7.5]], [[1.0], [0.6], [2.0]])
_IN_THE_PLANE = Mixture(
    [0.4, 0.35, 0.25],
    [[0.0, 0.0], [4.0, 2.5], [2.0, -3.0]],
    [[[2.0, 1.2], [1.2, 1.5]], [[1.5, -0.9], [-0.9, 1.2]], [[1.0, 0.3], [0.3, 0.5]]],
)
_DEFAULT_SHAPE = (360, 640)

#: Bytes a pixel: the frame, its intermediate arrays, and the frame before it.
_PIXEL_BYTES = 12 * 8


@dataclass(frozen=True)
class _Job:
    """An animation: its input, its length and its options."""

    image: Path | None
    n_frames: int
    fit: FitOptions
    size: SizeOptions
    factor: float
    center: tuple[float, float] | None
    tone: ToneCurve | None
    style: str | None

    def shape_of_picture(self, original: tuple[int, int]) -> tuple[int, int]:
        """Return the shape of the frames for a picture of the `original` shape."""
        return self._checked(self.size.shape_of(original))

    def shape_of(self, model: Any) -> tuple[int, int]:
        """Return the shape of the frames for a model."""
        return self._checked(self.size.shape_of_model(model))

    def _checked(self, shape: tuple[int, int]) -> tuple[int, int]:
        extra = get_style(self.style).pixel_bytes if self.style else 0
        self.size.check_memory(shape, _PIXEL_BYTES + extra)
        return shape


def _sampling(job: _Job) -> Frames:
    model, shape = _of_features(job, 1, _ON_A_LINE), job.shape_of_picture(_DEFAULT_SHAPE)
    return sampling_frames(model, shape, job.n_frames, random_state=job.fit.seed)


def _slices(job: _Job) -> Frames:
    model, shape = _of_features(job, 2, _IN_THE_PLANE), job.shape_of_picture(_DEFAULT_SHAPE)
    return slicing_frames(model, shape, job.n_frames)


def _of_features(job: _Job, n_features: int, otherwise: Mixture) -> Mixture:
    if job.image is None:
        return otherwise
    model = read_source(job.image).model
    if model is None or model.n_features < n_features:
        raise click.UsageError(
            f"IMAGE: expected a model of {n_features} features or more, got {job.image}"
        )
    kept = list(range(n_features))
    extent = None if model.extent is None else model.extent[:n_features]
    return model.marginal(kept).with_extent(extent)


def _fill(job: _Job) -> Frames:
    source = read_source(job.image)
    is_ink = job.fit.is_ink if source.model is None else source.model.n_features == 2
    if not is_ink:
        refuse("tone", "together with ink", "with color")
    model = model_of(source, job.fit)
    tone = job.tone or DEFAULT_TONE
    return filling_frames(model, job.shape_of(model), job.n_frames, tone=tone)


def _zoom(job: _Job) -> Frames:
    model = model_of(read_source(job.image), job.fit)
    shape = job.shape_of(model)
    return zooming_frames(model, shape, job.n_frames, center=job.center, factor=job.factor)


def _grow(job: _Job) -> Frames:
    pixels = read_picture(job.image)
    most = job.fit.n_components
    if isinstance(most, str):
        raise click.UsageError(f"--n-components: expected a number with grow, got {most}")
    request = fit_request(pixels, job.fit)
    from gmmfast.animation.paintings import GROWTH

    n_pixels = pixels.shape[0] * pixels.shape[1]
    numbers = [number for number in GROWTH if number <= min(most or n_pixels, n_pixels)]
    shape = job.shape_of_picture((pixels.shape[0], pixels.shape[1]))
    return growing_frames(
        request.pixels,
        shape,
        job.n_frames,
        n_components=numbers,
        kind=request.kind,
        style=job.style,
        random_state=job.fit.seed,
    )


def _refine(job: _Job) -> Frames:
    pixels = read_picture(job.image)
    request = fit_request(pixels, job.fit)
    model = fit_picture(request)
    shape = job.shape_of_picture((pixels.shape[0], pixels.shape[1]))
    return refining_frames(model, request.pixels, shape, job.n_frames, style=job.style)


def _video(job: _Job) -> Frames:
    if job.image is None:
        raise click.UsageError("IMAGE: expected an animated picture or a clip's model, got none")
    try:
        source = Source(str(job.image), model=Mixture.load(job.image))
    except (ValueError, OSError):
        with progress_bar("fitting", job.fit.max_iter) as advance:
            settings = FitSettings(
                job.fit.n_components,
                progress=lambda n_iter, _: advance(n_iter),
                n_threads=job.fit.n_threads,
                acceleration=job.fit.acceleration,
                parameters={"max_iter": job.fit.max_iter, "random_state": job.fit.seed},
            )
            model: Any = settings.fit(read_clip(images.read_frames(job.image)))
    else:
        model = model_of(source, job.fit)
    return video_frames(model, job.shape_of(model), job.n_frames)


#: The functions that make frames, by kind.
_FRAMES: dict[str, Callable[[_Job], Frames]] = {
    "sampling": _sampling,
    "slices": _slices,
    "fill": _fill,
    "grow": _grow,
    "refine": _refine,
    "zoom": _zoom,
    "video": _video,
}

#: The kinds in which options have an effect. All take --seed and --n-threads.
_KINDS_OF = {
    "n_components": "fill grow refine zoom video",
    "max_iter acceleration": "fill refine zoom video",
    "ink drawing threshold": "fill grow refine zoom",
    "style": "grow refine",
    "tone": "fill",
    "factor center": "zoom",
}


@click.command("animate")
@click.argument("kind", type=click.Choice(list(_FRAMES)))
@click.argument("image", required=False, type=PATH)
@output_option(
    "animation.gif", "The animation: .gif, .webp, .png or .apng, or .mp4 with the extra 'video'"
)
@click.option(
    "--format",
    "piped_format",
    type=click.Choice(["gif", "webp", "png"]),
    default="gif",
    show_default=True,
    help="The format on standard output.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True, max=3600),
    default=5.0,
    show_default=True,
    help="The duration.",
)
@click.option(
    "--fps",
    type=click.FloatRange(min=0.01, max=1000),
    default=30.0,
    show_default=True,
    help="Frames per second.",
)
@click.option(
    "--factor", type=click.FloatRange(min=1), default=8.0, help="For zoom: the magnification."
)
@click.option("--center", type=float, nargs=2, help="For zoom: x and y of its center, in pixels.")
@style_option
@fit_options
@tone_option
@size_options
@watch_option("image")
def animate_command(
    kind: str,
    image: Path | None,
    outputs: tuple[Path, ...],
    *,
    seconds: float,
    fps: float,
    piped_format: str,
    **options: Any,
) -> None:
    """Write an animation of KIND.

    \b
    Kinds:
      sampling  a component is chosen, then a point (IMAGE: a model, or none)
      slices    p(y | x) as x moves (IMAGE: a model of ink, or none)
      fill      the grid is filled block by block
      grow      ever more components
      refine    a painting that improves
      zoom      closer than the pixels
      video     a clip at any frame rate (IMAGE: an animated picture)

    IMAGE is a picture, or what 'gmmfast fit' wrote; without it, the photograph
    china.jpg of scikit-learn is taken.

    \b
    Examples:
      gmmfast animate sampling -o sampling.gif
      gmmfast animate zoom photo.jpg --factor 20 --seconds 10 -o zoom.mp4
      gmmfast animate fill photo.jpg --drawing -o fill.webp
      gmmfast animate grow photo.jpg --fps 15 -o grow.webp -o grow.mp4
      gmmfast animate grow photo.jpg --style oil --seed 3 -o oil.webp
      gmmfast animate slices -o - --format webp > slices.webp
    """
    destinations = _Films(outputs)
    for names, kinds in _KINDS_OF.items():
        if kind not in kinds.split():
            refuse(names, f"together with {' or '.join(kinds.split())}", f"with {kind}")
    n_frames = max(1, round(seconds * fps))
    took: dict[str, float] = {}
    with timed(took, "prepare"):
        frames = _FRAMES[kind](_Job(image, n_frames, **options))
    with timed(took, "animate"), progress_bar("animating", n_frames) as advance:
        destinations.write(frames, fps, piped_format, advance)
    destinations.report([
        f"frames      {n_frames}, {n_frames / fps:g} s at {fps:g} a second",
        *(f"{step:<11} {duration:.3f} s" for step, duration in took.items()),
        f"animation   {destinations.names}",
    ])  # fmt: skip


class _Films(Destinations):
    """The destinations of an animation, which all get every frame."""

    example = "animation.gif"

    def check(self, shape: tuple[int, ...] | None = None) -> None:
        """Raise an error if a destination cannot be written."""
        del shape
        for path in self.paths:
            if path != PIPE:
                check_animation(path, "--output")

    def write(
        self, frames: Frames, fps: float, piped_format: str, progress: Callable[[int], None]
    ) -> None:
        """Write all of them, or none; standard output is written after the last frame.

        Containers store sizes in their headers, which a pipe cannot go back to.
        """
        with tempfile.TemporaryDirectory(prefix="gmmfast-") as folder:
            piped = Path(folder, f"piped.{piped_format}")
            paths = [piped if path == PIPE else path for path in self.paths]
            write_animation(paths, frames, fps=fps, progress=progress)
            if self.is_piped:
                with piped.open("rb") as file:
                    copy_to_stdout(file)
