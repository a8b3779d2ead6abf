"""When entrances were watched: strips by day, and how much was missed for what reason."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

from streamer.domain.report.coverage_strip import CoverageStrip
from streamer.domain.report.report import Report
from streamer.exchange.reports.charts import Strip, strips
from streamer.exchange.reports.content import Chart, Column, Line, Section, Table
from streamer.exchange.reports.words import Words, clean

_DAY_MIN: Final = 24 * 60
# Days in one picture, with the height of a strip, px: a page of paper holds no more.
_CHUNK, _HIGH, _LOW = 31, 12, 4


def coverage(report: Report, words: Words) -> Section:
    """Return a table with a line for each entrance, and strips."""
    if not report.coverage:
        return Section("coverage", words.of("coverage"), (words.of("coverage.none"),))
    of_entrance = _grouped(report.coverage)
    columns = (
        Column(words.of("entrance"), wide=3),
        Column(words.of("days"), number=True),
        Column(words.of("watched"), number=True),
        Column(words.of("least_day"), number=True, wide=3),
        Column(words.of("unwatched"), wide=5),
    )
    table = Table(columns, tuple(_line(group, words) for group in of_entrance))
    return Section(
        "coverage",
        words.of("coverage"),
        (words.of("coverage.note"),),
        tuple(_charts(report, of_entrance, words)),
        table,
    )


def _grouped(given: Sequence[CoverageStrip]) -> list[list[CoverageStrip]]:
    def key(one: CoverageStrip) -> tuple[str, str]:
        return one.building, one.entrance

    return [
        sorted(group, key=lambda one: one.day)
        for _, group in groupby(sorted(given, key=key), key=key)
    ]


def _name(one: CoverageStrip) -> str:
    return clean(f"{one.building} · {one.entrance}" if one.building else one.entrance)


def _line(group: Sequence[CoverageStrip], words: Words) -> Line:
    seconds = sum((one.closes_at - one.opens_at).total_seconds() for one in group)
    watched = sum((one.closes_at - one.opens_at).total_seconds() * one.share for one in group)
    worst = min(group, key=lambda one: one.share)
    missed: dict[str, float] = {}
    for one in group:
        for gap in one.gaps:
            minutes = (gap.ends_at - gap.starts_at).total_seconds() / 60
            missed[gap.cause.value] = missed.get(gap.cause.value, 0) + minutes
    said = "; ".join(
        f"{words.number(minutes)}: {words.of(f'cause.{cause}')}"
        for cause, minutes in sorted(missed.items(), key=lambda item: -item[1])
    )
    return Line(
        (
            _name(group[0]),
            words.number(len(group)),
            words.percent(watched / seconds) if seconds else "–",
            f"{worst.day:%d.%m.%Y}: {words.percent(worst.share)}",
            said or "–",
        )
    )


def _charts(
    report: Report, of_entrance: Sequence[Sequence[CoverageStrip]], words: Words
) -> list[Chart]:
    first, last = _hours(report.coverage, words)
    if report.period.days == 1:
        rows = [_strip(group[0], _name(group[0]), first, last, words) for group in of_entrance]
        return [_chart(rows, first, last, _HIGH + 4, words.of("coverage"))]
    charts = []
    high = _HIGH if report.period.days <= 3 * _CHUNK else _LOW
    for group in of_entrance:
        for at in range(0, len(group), _CHUNK if high == _HIGH else 12 * _CHUNK):
            some = group[at : at + (_CHUNK if high == _HIGH else 12 * _CHUNK)]
            rows = [_strip(one, words.short_date(one.day), first, last, words) for one in some]
            heading = Strip(_name(group[0]), "", (0, 0), ())
            charts.append(_chart([heading, *rows], first, last, high, _name(group[0])))
    return charts


def _chart(rows: Sequence[Strip], first: int, last: int, high: int, said: str) -> Chart:
    step = 60 if last - first <= 10 * 60 else 120
    hours = [
        ((minute - first) / (last - first), f"{minute // 60:02}:00")
        for minute in range(-(-first // step) * step, last + 1, step)
    ]
    alt = "; ".join(f"{one.label} {one.share}".strip() for one in rows)
    return Chart(strips(rows, hours, high), f"{said}: {alt}")


def _hours(given: Sequence[CoverageStrip], words: Words) -> tuple[int, int]:
    """Whole hours around all strips, in minutes of the site's day."""
    first = min(_minute(one.opens_at, one.day, words) for one in given)
    last = max(_minute(one.closes_at, one.day, words) for one in given)
    first, last = int(first // 60 * 60), int(-(-last // 60) * 60)
    return max(first, 0), min(max(last, first + 60), _DAY_MIN)


def _minute(at: datetime, day: date, words: Words) -> float:
    midnight = datetime.combine(day, time(), tzinfo=words.zone).astimezone(UTC)
    return (at - midnight) / timedelta(minutes=1)


def _strip(one: CoverageStrip, label: str, first: int, last: int, words: Words) -> Strip:
    def place(at: datetime) -> float:
        share = (_minute(at, one.day, words) - first) / (last - first)
        return min(max(share, 0.0), 1.0)

    return Strip(
        label,
        words.percent(one.share),
        (place(one.opens_at), place(one.closes_at)),
        tuple((place(gap.starts_at), place(gap.ends_at)) for gap in one.gaps),
    )
