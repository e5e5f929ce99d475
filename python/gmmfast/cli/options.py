"""Option types that the commands share."""

from __future__ import annotations

from typing import Any

import click

from gmmfast._checks import shown
from gmmfast._choices import CRITERIA
from gmmfast.tone import ToneCurve

#: Of the largest number of components that is worth reading.
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
            self.fail(f"expected a number from 1 on or {criteria}, got {shown(value)}", param, ctx)
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
            self.fail(f"expected WIDTHxHEIGHT such as 1280x854, got {shown(value)}", param, ctx)
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


#: A number of components, or the criterion that chooses it.
ORDER = _Order()

#: A size in pixels, WIDTHxHEIGHT on the command line, (height, width) in the program.
SIZE = _Size()

#: A `ToneCurve`, as `ToneCurve.parse` reads it.
TONE = _Tone()
