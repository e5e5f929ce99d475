"""Options that the commands share: their types, and decorators that add several at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gmmfast._memory import check_fits
from gmmfast._validation import describe
from gmmfast.cli.fitting import FitOptions, SharpOptions
from gmmfast.image_models.defaults import CRITERIA, DEFAULT_MAX_ITER, DEFAULT_N_COMPONENTS
from gmmfast.plot.base import default_shape, units_differ
from gmmfast.plot.palettes import PALETTES
from gmmfast.styles import STYLES
from gmmfast.tone import ToneCurve

if TYPE_CHECKING:
    from collections.abc import Callable

    from gmmfast.cli.outputs import Destinations

    Command = Callable[..., Any]

#: The most digits of a number of components.
_MAX_DIGITS = 18


class _Order(click.ParamType[int | str]):
    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        text = str(value)
        if text in CRITERIA:
            return text
        if not (text.isdecimal() and len(text) <= _MAX_DIGITS and int(text)):
            criteria = ", ".join(CRITERIA)
            self.fail(
                f"expected a number from 1 on or {criteria}, got {describe(value)}", param, ctx
            )
        return int(text)


class _Size(click.ParamType[tuple[int, int]]):
    name = "WxH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        width, _, height = str(value).lower().partition("x")
        try:
            shape = int(height), int(width)
        except ValueError:  # no integers, or of more digits than Python reads
            shape = 0, 0
        if not (width.isdecimal() and height.isdecimal() and min(shape)):
            self.fail(f"expected WIDTHxHEIGHT such as 1280x854, got {describe(value)}", param, ctx)
        return shape


class _Tone(click.ParamType[ToneCurve]):
    name = "curve"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> ToneCurve:
        try:
            return ToneCurve.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Numbers(click.ParamType[tuple[int, ...]]):
    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        parts = str(value).split(",")
        if not all(part.isdecimal() and len(part) <= _MAX_DIGITS and int(part) for part in parts):
            self.fail(f"expected numbers such as 10,20,50, got {describe(value)}", param, ctx)
        return tuple(map(int, parts))


class _Values(click.ParamType[tuple[float, ...]]):
    name = "values"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        try:
            values = tuple(map(float, str(value).split(",")))
        except ValueError:
            values = (math.nan,)
        if not all(map(math.isfinite, values)):
            self.fail(f"expected values such as 10,25.5,40, got {describe(value)}", param, ctx)
        return values


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value)
        unit = {"s": 1, "m": 60}.get(text[-1:], 0)
        try:
            seconds = float(text[:-1]) * unit if unit else float(text)
        except ValueError:
            seconds = math.nan
        if not (math.isfinite(seconds) and seconds > 0):
            self.fail(f"expected a duration such as 10s or 2m, got {describe(value)}", param, ctx)
        return seconds


class _Extent(click.ParamType[tuple[tuple[float, float], ...]]):
    name = "intervals"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[tuple[float, float], ...]:
        pairs = [pair.partition(":") for pair in str(value).split(",")]
        try:
            extent = tuple((float(low), float(high)) for low, _, high in pairs)
        except ValueError:
            extent = ()
        if len(extent) not in (2, 3) or not all(
            math.isfinite(high - low) and low < high for low, high in extent
        ):
            self.fail(
                "expected X_MIN:X_MAX,Y_MIN:Y_MAX such as 0:64,0:48, for a clip then T_MIN:T_MAX, "
                f"got {describe(value)}",
                param,
                ctx,
            )
        return extent


#: A number of components, or the criterion that chooses it.
ORDER = _Order()

#: Numbers of components, with commas between.
NUMBERS = _Numbers()

#: Finite numbers, with commas between.
VALUES = _Values()

#: A size in pixels, WIDTHxHEIGHT on the command line, (height, width) in the program.
SIZE = _Size()

#: Intervals of x and y, or of x, y and t.
EXTENT = _Extent()

#: A `ToneCurve`, as `ToneCurve.parse` reads it.
TONE = _Tone()

#: A path, or "-" for a pipe.
PATH = click.Path(path_type=Path, allow_dash=True)


@dataclass(frozen=True)
class SizeOptions:
    """The options --size, as (height, width), and --scale."""

    size: tuple[int, int] | None
    scale: float | None

    def shape_of(self, original: tuple[int, int]) -> tuple[int, int]:
        """Return (height, width) of a result for a picture of `original` shape."""
        if self.size is not None and self.scale is not None:
            raise click.UsageError("--size and --scale: expected at most one of the two, got both")
        height, width = original
        scale = self.scale or 1.0
        if not math.isfinite(scale * max(height, width)):
            raise click.UsageError(f"--scale: expected a finite size, got {scale}")
        return self.size or (max(1, round(height * scale)), max(1, round(width * scale)))

    def check_memory(self, shape: tuple[int, int], pixel_bytes: int) -> None:
        """Raise MemoryError that names the option, or else the picture, of a result too large."""
        argument, got = "image", f"{shape[1]}x{shape[0]}"
        if self.size is not None:
            argument = "--size"
        elif self.scale is not None:
            argument, got = "--scale", f"{self.scale:g}, which makes {got}"
        check_fits(argument, got, math.prod(shape) * pixel_bytes, "paint fewer pixels")

    def shape_of_model(self, model: Any) -> tuple[int, int]:
        """Return (height, width) of a result of a model, which may have its picture's extent."""
        extent = getattr(model, "extent_", getattr(model, "extent", None))
        if extent is None or len(extent) < 2:
            if self.size is None:
                raise click.UsageError(
                    "--size: expected WIDTHxHEIGHT for a model that remembers no picture, got none"
                )
            return self.shape_of((1, 1))
        if units_differ(extent[:2]):
            return self.shape_of(default_shape(extent[:2]))
        (left, right), (low, high) = extent[:2]
        # A model over other units than pixels is shown at a size that a screen has.
        width, height = abs(right - left), abs(high - low)
        unit = 1.0 if min(width, height) >= 2 else 640 / max(width, height)
        return self.shape_of((max(1, round(height * unit)), max(1, round(width * unit))))

    def checked_shape(
        self, model: Any, pixel_bytes: int, destinations: Destinations
    ) -> tuple[int, int]:
        """Return `shape_of_model`, if memory and destinations can hold such a result."""
        shape = self.shape_of_model(model)
        self.check_memory(shape, pixel_bytes)
        destinations.check(shape)
        return shape


def _all_of(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return a decorator that adds options in the order in which help shows them."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def bundle(
    name: str, kind: type[Any], *options: Callable[[Command], Command]
) -> Callable[[Command], Command]:
    """Return a decorator that adds options; the command gets them as one dataclass."""

    def add(command: Command) -> Command:
        @wraps(command)
        def bundled(**arguments: Any) -> Any:
            bundle = kind(**{field.name: arguments.pop(field.name) for field in fields(kind)})
            return command(**{name: bundle}, **arguments)

        return _all_of(*options)(bundled)

    return add


def output_option(default: str, what: str) -> Callable[[Command], Command]:
    """Return the option -o, which may be given several times."""
    return click.option(
        "-o",
        "--output",
        "outputs",
        multiple=True,
        default=(default,),
        type=PATH,
        help=f"{what}; the format follows the extension, '-' is standard output. May be given "
        f"several times [default: {default}].",
    )


#: The size of a result: the argument `size` of the command.
size_options = bundle(
    "size",
    SizeOptions,
    click.option("--size", type=SIZE, help="Size of the result [default: the picture's]."),
    click.option(
        "--scale",
        type=click.FloatRange(min=0, min_open=True),
        help="Size of the result relative to the picture's.",
    ),
)

#: The number of threads.
threads_option = click.option(
    "--n-threads", type=click.IntRange(min=1, max=1024), help="Threads [default: all]."
)

#: The seed of random numbers.
seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=0,
    show_default=True,
    help="The seed of random numbers.",
)

#: The points of a picture that are fitted.
kind_options = _all_of(
    click.option("--ink", is_flag=True, help="Fit the dark pixels of a drawing."),
    click.option("--drawing", is_flag=True, help="Fit a drawing of the photograph's outlines."),
    click.option(
        "--threshold",
        type=click.FloatRange(0, 255),
        help="With --ink: the lightest level (0 to 255) that is ink [default: Otsu's].",
    ),
)

#: The limit of iterations.
max_iter_option = click.option(
    "--max-iter",
    type=click.IntRange(min=1),
    default=DEFAULT_MAX_ITER,
    show_default=True,
    help="Iterations of expectation-maximization, at most.",
)

#: Options of a fit to a picture, the argument `fit` of the command; a given model needs none.
fit_options = bundle(
    "fit",
    FitOptions,
    click.option(
        "-k",
        "--n-components",
        type=ORDER,
        help="Number of Gaussians, or the criterion that chooses it: bic, aic or icl [default: "
        f"{DEFAULT_N_COMPONENTS['color']}; {DEFAULT_N_COMPONENTS['ink']} with --ink].",
    ),
    kind_options,
    max_iter_option,
    click.option(
        "--acceleration",
        type=click.Choice(["momentum"]),
        help="momentum: a third of the iterations, or fewer, to as good a fit.",
    ),
    seed_option,
    threads_option,
)

#: The limit of a refinement's time.
time_option = click.option(
    "--time", type=_Duration(), help="Limit of the time to paint sharply, such as 10s or 2m."
)

#: A sharp painting, or one between sharp and soft.
sharp_options = bundle(
    "sharpness",
    SharpOptions,
    click.option("--sharp", is_flag=True, help="Paint sharply, like the picture."),
    click.option(
        "--softness",
        type=click.FloatRange(0, 1),
        help="Paint between sharply (0) and softly (1), with smudged strokes.",
    ),
    time_option,
    click.option(
        "--psnr",
        type=click.FloatRange(min=0, min_open=True),
        help="Add Gaussians until the painting, sharp, has this PSNR in dB; without -k.",
    ),
)

#: The style of a painting, of `gmmfast.styles`.
style_option = click.option(
    "--style",
    type=click.Choice(list(STYLES)),
    help="; ".join(f"{style.name}: {style.summary}" for style in STYLES.values()) + ".",
)


def palette_option(default: str, what: str) -> Callable[[Command], Command]:
    """Return the option --palette, which --style also sets."""
    return click.option(
        "--palette",
        "--style",
        "palette",
        type=click.Choice(list(PALETTES)),
        default=default,
        show_default=True,
        help=what,
    )


#: The curve from density to darkness.
tone_option = click.option(
    "--tone",
    type=TONE,
    help="For ink: corners of the curve from scaled density to darkness, or 'linear' "
    "[default: 0:0,0.03:0.03,0.3:0.75,0.7:1,1:1].",
)
