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
# Height of a strip, px: for a month at most, some months, a year. A picture fits on a page.
_HIGH, _LOW, _LOWEST = 12, 4, 2
_MONTH: Final = 31


def coverage(report: Report, words: Words) -> Section:
    """Return a table with a line for each entrance, and strips."""
    if not report.coverage:
        return Section("coverage", words.of("coverage"), (words.of("coverage.none"),))
    of_entrance = _grouped(report.coverage)
    columns = (
        Column(words.of("entrance"), wide=6),
        Column(words.of("days"), number=True, wide=2),
        Column(words.of("watched"), number=True, wide=3),
        Column(words.of("least_day"), number=True, wide=5),
        Column(words.of("unwatched"), wide=9),
    )
    table = Table(columns, tuple(_line(group, words) for group in of_entrance))
    return Section(
        "coverage",
        words.of("coverage"),
        (words.of("coverage.note"),),
        tuple(_charts(report, of_entrance, words)),
        table,
        table_first=True,
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
        f"{_minutes(minutes, words)}: {words.of(f'cause.{cause}')}"
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


def _minutes(minutes: float, words: Words) -> str:
    return words.number(minutes) if minutes >= 1 else "< 1"


def _charts(
    report: Report, of_entrance: Sequence[Sequence[CoverageStrip]], words: Words
) -> list[Chart]:
    hours, until = _hours(report.coverage, words), report.data_until
    if report.period.days == 1:
        rows = [_strip(group[0], _name(group[0]), hours, until, words) for group in of_entrance]
        return [_chart("", rows, hours, _HIGH + 4, words.of("coverage"))]
    high = _HIGH if report.period.days <= _MONTH else _LOW
    if report.period.days > 4 * _MONTH:
        high = _LOWEST
    charts = []
    for group in of_entrance:
        rows = [_strip(one, _label(one.day, high, words), hours, until, words) for one in group]
        charts.append(_chart(_name(group[0]), rows, hours, high, _name(group[0])))
    return charts


def _label(day: date, high: int, words: Words) -> str:
    """Where rows are too low for a label each, months have one."""
    if high == _HIGH:
        return words.short_date(day)
    return f"{day:%d.%m.%Y}" if day.day == 1 else ""


def _chart(
    title: str, rows: Sequence[Strip], hours: tuple[int, int], high: int, said: str
) -> Chart:
    first, last = hours
    step = 60 if last - first <= 10 * 60 else 120
    axis = [
        ((minute - first) / (last - first), f"{minute // 60:02}:00")
        for minute in range(-(-first // step) * step, last + 1, step)
    ]
    broken = "; ".join(f"{one.label} {one.share}".strip() for one in rows if one.gaps)
    return Chart(strips(title, rows, axis, high), f"{said}. {broken}" if broken else said)


def _hours(given: Sequence[CoverageStrip], words: Words) -> tuple[int, int]:
    """Whole hours around all strips, in minutes of the site's day."""
    first = min(_minute(one.opens_at, one.day, words) for one in given)
    last = max(_minute(one.closes_at, one.day, words) for one in given)
    first, last = int(first // 60 * 60), int(-(-last // 60) * 60)
    return max(first, 0), min(max(last, first + 60), _DAY_MIN)


def _minute(at: datetime, day: date, words: Words) -> float:
    midnight = datetime.combine(day, time(), tzinfo=words.zone).astimezone(UTC)
    return (at - midnight) / timedelta(minutes=1)


def _strip(
    one: CoverageStrip, label: str, hours: tuple[int, int], until: datetime, words: Words
) -> Strip:
    """What was not over yet when the report was made is drawn as nothing at all."""
    first, last = hours

    def place(at: datetime) -> float:
        share = (_minute(at, one.day, words) - first) / (last - first)
        return min(max(share, 0.0), 1.0)

    return Strip(
        label,
        words.percent(one.share),
        (place(one.opens_at), place(max(min(one.closes_at, until), one.opens_at))),
        tuple((place(gap.starts_at), place(gap.ends_at)) for gap in one.gaps),
    )
