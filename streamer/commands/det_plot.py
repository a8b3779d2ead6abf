"""Draws detection error trade-off curves into a file. Used by `kirdi evaluate --plot`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from matcher.evaluation.report import Report
from streamer.commands.det_chart import HEIGHT, WIDTH, DetChart, Label, Stroke
from streamer.errors import InputError

_SUFFIXES: Final = (".png", ".svg")
_FINER: Final = 3
"""Drawn larger and reduced, since Pillow's lines have hard edges."""
_SHOWN: Final = 2
"""Pixels of a PNG file for one of the chart."""


class DetPlot:
    """A file to be drawn; asked for before the long work, so that nothing is measured in vain."""

    def __init__(self, path: Path) -> None:
        """Keep the place.

        Raises:
            InputError: The name says no format that can be drawn, or its folder is missing.
        """
        if path.suffix.lower() not in _SUFFIXES:
            raise InputError(f"--plot {path}: end the name in {' or '.join(_SUFFIXES)}")
        if not path.parent.is_dir():
            raise InputError(f"--plot {path}: there is no folder {path.parent}")
        if path.is_dir():
            raise InputError(f"--plot {path}: is a folder; name a file")
        self._path = path

    def draw(self, report: Report) -> None:
        """Write a curve per system, both axes logarithmic.

        Raises:
            InputError: The file cannot be written.
        """
        chart = DetChart.of(report)
        try:
            if self._path.suffix.lower() == ".svg":
                self._path.write_text("\n".join(_svg(chart)) + "\n", encoding="utf-8")
            else:
                _picture(chart).save(self._path)
        except OSError as error:
            raise InputError(
                f"--plot {self._path}: cannot be written ({error.strerror}); choose another place"
            ) from error


def _svg(chart: DetChart) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif">'
    )
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
    for stroke in chart.strokes:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in stroke.points)
        yield (
            f'<polyline points="{points}" fill="none" stroke="{stroke.colour}" '
            f'stroke-width="{stroke.width:g}"/>'
        )
    for label in chart.labels:
        x, y = label.at
        turned = f' transform="rotate(-90 {x:g} {y:g})"' if label.upright else ""
        yield (
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{label.size}" '
            f'text-anchor="{label.anchor}" dominant-baseline="central"{turned}>'
            f"{escape(label.text)}</text>"
        )
    yield "</svg>"


def _picture(chart: DetChart) -> Image.Image:
    times = _FINER * _SHOWN
    canvas = Image.new("RGB", (WIDTH * times, HEIGHT * times), "white")
    pen = ImageDraw.Draw(canvas)
    for stroke in chart.strokes:
        _line(pen, stroke, times)
    for label in chart.labels:
        _write(canvas, label, times)
    return canvas.reduce(_FINER)


def _line(pen: ImageDraw.ImageDraw, stroke: Stroke, times: int) -> None:
    points = [(x * times, y * times) for x, y in stroke.points]
    pen.line(points, stroke.colour, round(stroke.width * times), joint="curve")


def _write(canvas: Image.Image, label: Label, times: int) -> None:
    font = ImageFont.load_default(label.size * times)
    left, top, right, bottom = font.getbbox(label.text)
    width, height = round(right - left), round(bottom - top)
    text = Image.new("L", (width, height), 0)
    ImageDraw.Draw(text).text((-left, -top), label.text, 255, font)
    if label.upright:
        text = text.rotate(90, expand=True)
    x, y = label.at[0] * times, label.at[1] * times
    x -= text.width * {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
    canvas.paste("black", (round(x), round(y - text.height / 2)), text)
