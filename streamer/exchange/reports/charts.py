"""Charts as SVG without a script, a style or anything from outside: for pages and for print.

Colours are attributes, so that a page may set its own by the classes. What is unknown is hatched:
verdicts can be told apart on a printer without colours, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 680
_LEFT: Final = 44
_FONT: Final = "Libertinus Serif, system-ui, sans-serif"
_HATCH: Final = (
    '<defs><pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="4" height="4" fill="#e9ecef"/>'
    '<rect width="1.6" height="4" fill="#7b848c"/></pattern></defs>'
)
_FILLS: Final = {
    "verified": "#1f6f5c",
    "unverified": "#e0a025",
    "unknown": "url(#hatch)",
    "not_applicable": "#d5dae0",
}
_STROKES: Final = {"verified": "#1f6f5c", "unverified": "#b97c08", "unknown": "#7b848c"}
_DASHES: Final = {"verified": "", "unverified": ' stroke-dasharray="6 3"'}
_DOTS: Final = ' stroke-dasharray="2 3"'


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: of which verdict (`_FILLS`), in words, and how many."""

    verdict: str
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class Strip:
    """A row of a day; 0 to 1 along the axis.

    Attributes:
        gaps: Begin and end of what was not watched.
        open: Begin and end of the time it is about.
    """

    label: str
    share: str
    open: tuple[float, float]
    gaps: tuple[tuple[float, float], ...]


def one_bar(parts: Sequence[Part]) -> str:
    """Return one bar across, each part as long as its share, with a legend below."""
    total = sum(part.count for part in parts) or 1
    made, x = [], 0.0
    for part in parts:
        width = part.count / total * WIDTH
        if part.count:
            made.append(_box(part, x, 2, width, 26))
        x += width
    return _svg(64, [_HATCH, *made, *_legend(parts, 48)])


def bars(labels: Sequence[str], columns: Sequence[Sequence[Part]]) -> str:
    """Return a stacked bar for each label, on one scale, with a legend below.

    Args:
        labels: Below the bars; where there are too many some are left out.
        columns: The parts of each bar, the lowest first.
    """
    top, height = 10, 150
    most = max((sum(part.count for part in column) for column in columns), default=0) or 1
    step = (WIDTH - _LEFT) / max(len(columns), 1)
    made = [_HATCH, *_scale(most, top, height)]
    every = -(-len(labels) * 40 // (WIDTH - _LEFT)) or 1
    for place, column in enumerate(columns):
        x = _LEFT + place * step + step * 0.12
        y = float(top + height)
        for part in column:
            tall = part.count / most * height
            y -= tall
            if part.count:
                made.append(_box(part, x, y, step * 0.76, tall))
        if place % every == 0:
            made.append(_text(x + step * 0.38, top + height + 15, labels[place], "middle"))
    legend = _legend(columns[0], top + height + 38) if columns else []
    return _svg(top + height + 50, [*made, *legend])


def lines(labels: Sequence[str], rows: Sequence[tuple[str, str, Sequence[float]]]) -> str:
    """Return a line of shares, 0 to 1, for each verdict.

    Args:
        labels: Of the points, the oldest first.
        rows: Verdict, its word, and a share for each label.
    """
    top, height = 10, 140
    step = (WIDTH - _LEFT - 40) / max(len(labels) - 1, 1)
    made = []
    for percent in (0, 25, 50, 75, 100):
        y = top + height - height * percent / 100
        made += [_rule(y), _text(_LEFT - 6, y + 4, f"{percent} %", "end")]
    for verdict, _, shares in rows:
        points = [
            (_LEFT + 10 + place * step, top + height * (1 - share))
            for place, share in enumerate(shares)
        ]
        made += [_polyline(verdict, points), *(_point(verdict, at) for at in points)]
    every = -(-len(labels) * 70 // (WIDTH - _LEFT)) or 1
    for place, label in enumerate(labels):
        if place % every == 0:
            made.append(_text(_LEFT + 10 + place * step, top + height + 15, label, "middle"))
    x, y = 0.0, float(top + height + 38)
    for verdict, word, _ in rows:
        # As the lines are drawn: a printer without colours shows which is which.
        sample = [(x, y - 4), (x + 26, y - 4)]
        made += [_polyline(verdict, sample), _point(verdict, (x + 13, y - 4))]
        made.append(_text(x + 32, y, word, "start", 11))
        x += 56 + 6.4 * len(word)
    return _svg(top + height + 50, made)


def strips(title: str, rows: Sequence[Strip], hours: Sequence[tuple[float, str]], tall: int) -> str:
    """Return a strip for each row: watched in colour, what was not hatched.

    Args:
        title: Whose they are; above the labels.
        rows: The first one is on top; of one without a label none is written.
        hours: Where along the axis, 0 to 1, which hour is written.
        tall: Height of a row, px; shares are written only where there is room for them.
    """
    left, right = 150, 58
    width = WIDTH - left - right
    bottom = 18 + len(rows) * tall
    made = [_HATCH, _text(left - 8, 10, title, "end", 11)]
    for place, label in hours:
        x = left + place * width
        made.append(
            f'<line class="grid" x1="{x:.1f}" y1="14" x2="{x:.1f}" y2="{bottom}" '
            'stroke="#c9ced3" stroke-width="0.6"/>'
        )
        # The title has the room of the hour at the very left.
        if place > 0.04:
            made.append(_text(x, 10, label, "middle"))
    for place, row in enumerate(rows):
        y = 18 + place * tall
        high = max(tall - 3, tall * 0.7)
        begins, ends = (left + at * width for at in row.open)
        made.append(
            f'<rect class="v-verified" x="{begins:.1f}" y="{y}" width="{ends - begins:.1f}" '
            f'height="{high:.1f}" fill="{_FILLS["verified"]}"/>'
        )
        for gap in row.gaps:
            begins, ends = (left + at * width for at in gap)
            box = (
                f'x="{begins:.1f}" y="{y}" width="{max(ends - begins, 1):.1f}" height="{high:.1f}"'
            )
            made.append(f'<rect {box} fill="#ffffff"/><rect class="gap" {box} fill="url(#hatch)"/>')
        if row.label:
            made.append(_text(left - 8, y + min(high, 10) - 0.5, row.label, "end"))
        if tall >= 10:
            made.append(_text(left + width + 8, y + high - 1, row.share, "start"))
    return _svg(bottom + 4, made)


def _polyline(verdict: str, points: Sequence[tuple[float, float]]) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline class="l-{verdict}" points="{path}" fill="none" stroke="{_STROKES[verdict]}" '
        f'stroke-width="2"{_DASHES.get(verdict, _DOTS)}/>'
    )


def _point(verdict: str, at: tuple[float, float]) -> str:
    return (
        f'<circle class="v-{verdict}" cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="3" '
        f'fill="{_STROKES[verdict]}"/>'
    )


def _scale(most: int, top: int, height: int) -> list[str]:
    step = 1
    for step in (one * 10**power for power in range(9) for one in (1, 2, 5)):
        if most / step <= 5:
            break
    made = []
    for count in range(0, most + 1, step):
        y = top + height - height * count / most
        made += [_rule(y), _text(_LEFT - 6, y + 4, str(count), "end")]
    return made


def _rule(y: float) -> str:
    return (
        f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}" '
        'stroke="#d9dde1" stroke-width="0.7"/>'
    )


def _box(part: Part, x: float, y: float, width: float, height: float) -> str:
    said = escape(f"{part.word}: {part.count}")
    return (
        f'<rect class="v-{part.verdict}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.6):.1f}" '
        f'height="{height:.1f}" fill="{_FILLS[part.verdict]}"><title>{said}</title></rect>'
    )


def _legend(parts: Sequence[Part], y: int) -> list[str]:
    made, x = [], 0.0
    for part in parts:
        made.append(_box(Part(part.verdict, part.word, part.count), x, y - 10, 12, 12))
        made.append(_text(x + 17, y, part.word, "start", 11))
        x += 40 + 6.4 * len(part.word)
    return made


def _text(x: float, y: float, said: str, anchor: str, size: int = 10) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="#3b4248">{escape(said)}</text>'
    )


def _svg(height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}" height="{height:.0f}" font-family="{_FONT}">{"".join(parts)}</svg>'
    )
