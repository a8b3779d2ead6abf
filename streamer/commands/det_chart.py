"""Lays out detection error trade-off curves: what lies where, whatever it is drawn with.

Used by `det_plot`.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from matcher.evaluation.report import Report

WIDTH: Final = 720
HEIGHT: Final = 600

# Told apart by people who confuse red and green, too (Okabe and Ito, "Color universal design").
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_BLACK: Final = "#202020"
_GREY: Final = "#dcdcdc"
_LEFT, _RIGHT, _TOP, _BOTTOM = 90.0, 690.0, 50.0, 530.0
_LEAST: Final = 0.001
"""Of both axes, unless fewer are missed."""
_STEPS: Final = (1.0, 3.0)
"""Labelled in each power of ten."""
_TEXT_PX: Final = 14

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, in pixels from the upper left corner."""

    points: tuple[Point, ...]
    colour: str
    width: float


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text.

    Attributes:
        text: What it says.
        at: Where its anchor lies, vertically in the middle of the text, in pixels.
        anchor: Which part of the text that is.
        upright: Whether it reads from below upwards.
        size: In pixels.
    """

    text: str
    at: Point
    anchor: str = "middle"
    upright: bool = False
    size: int = _TEXT_PX


@dataclass(frozen=True, slots=True)
class DetChart:
    """A curve per system, FNIR over FPIR, both axes logarithmic."""

    strokes: tuple[Stroke, ...]
    labels: tuple[Label, ...]

    @classmethod
    def of(cls, report: Report) -> "DetChart":
        """Lay out an evaluation.

        A rate of none has no place on a logarithmic axis: such a curve ends before it.
        """
        missed = [fnir for system in report.systems for _, fnir in system.det if fnir > 0]
        least = min((_LEAST, *(10.0 ** math.floor(math.log10(one)) for one in missed)))
        strokes, labels = list(_grid(least)), list(_captions(report, least))
        for number, system in enumerate(report.systems):
            colour = _COLOURS[number % len(_COLOURS)]
            curve = tuple(
                (_across(fpir), _down(fnir, least)) for fpir, fnir in system.det if fnir > 0
            )
            y = _TOP + 20.0 + 22.0 * number
            strokes += [Stroke(curve, colour, 2.0)] if len(curve) > 1 else []
            strokes.append(Stroke(((_RIGHT - 40, y), (_RIGHT - 12, y)), colour, 2.0))
            labels.append(Label(system.system, (_RIGHT - 48, y), "end"))
        return cls(tuple(strokes), tuple(labels))


def _grid(least: float) -> Iterator[Stroke]:
    for rate in _ticks(_LEAST):
        yield Stroke(((_across(rate), _TOP), (_across(rate), _BOTTOM)), _GREY, 1.0)
    for rate in _ticks(least):
        yield Stroke(((_LEFT, _down(rate, least)), (_RIGHT, _down(rate, least))), _GREY, 1.0)
    frame = ((_LEFT, _TOP), (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM))
    yield Stroke(frame, _BLACK, 1.0)


def _captions(report: Report, least: float) -> Iterator[Label]:
    middle = (_LEFT + _RIGHT) / 2
    yield from (Label(_percent(one), (_across(one), _BOTTOM + 16)) for one in _ticks(_LEAST))
    yield from (
        Label(_percent(one), (_LEFT - 8, _down(one, least)), "end") for one in _ticks(least)
    )
    yield Label("FPIR: strangers taken for somebody", (middle, _BOTTOM + 44))
    yield Label("FNIR: people missed", (18.0, (_TOP + _BOTTOM) / 2), upright=True)
    asked = report.protocol
    yield Label(
        f"Pack {report.pack_id}: {asked.gallery} enrolled, {asked.photos} photo(s), "
        f"{asked.probes} probe(s), median of {asked.splits} split(s)",
        (middle, 24.0),
        size=_TEXT_PX + 1,
    )


def _ticks(least: float) -> Iterable[float]:
    for power in range(round(math.log10(least)), 0):
        yield from (step * 10.0**power for step in _STEPS)
    yield 1.0


def _across(fpir: float) -> float:
    return _RIGHT + (_RIGHT - _LEFT) * _part(fpir, _LEAST)


def _down(fnir: float, least: float) -> float:
    return _TOP - (_BOTTOM - _TOP) * _part(fnir, least)


def _part(rate: float, least: float) -> float:
    """0 at a rate of one, -1 at the least one."""
    return -math.log10(rate) / math.log10(least)


def _percent(rate: float) -> str:
    return f"{100 * rate:g} %"
