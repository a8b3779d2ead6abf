"""The four verdicts of a group of visits, in the order in which every form shows them."""

from typing import Any, NamedTuple

from streamer.domain.check_in import Method
from streamer.domain.report.figures import ArrivalCount, VerdictFigures
from streamer.domain.report.rows_wanted import RowsWanted
from streamer.domain.verdict import VerdictGrade, VerdictKind
from streamer.exchange.reports.charts import Part
from streamer.exchange.reports.words import Words

ORDER = (
    VerdictKind.VERIFIED,
    VerdictKind.UNVERIFIED,
    VerdictKind.UNKNOWN,
    VerdictKind.NOT_APPLICABLE,
)

_SAID_BY_GRADE = frozenset({Method.EGOV, Method.MANUAL})


def count_of(figures: VerdictFigures, kind: VerdictKind) -> int:
    """Return how often a verdict was given."""
    if kind is VerdictKind.VERIFIED:
        return sum(figures.verified.values())
    if kind is VerdictKind.UNVERIFIED:
        return figures.unverified
    if kind is VerdictKind.UNKNOWN:
        return sum(figures.unknown.values())
    return sum(figures.not_applicable.values())


def parts_of(figures: VerdictFigures, words: Words) -> tuple[Part, ...]:
    """Return them for a chart."""
    return tuple(
        Part(kind.value, words.of(f"verdicts.{kind.value}"), count_of(figures, kind))
        for kind in ORDER
    )


def arrival_said(one: ArrivalCount, words: Words) -> str:
    """Return how patients arrived: the method with its grade, or the grade where both say one."""
    grade = words.of(f"grade.{one.grade.value}")
    if one.method in _SAID_BY_GRADE and one.method.value == one.grade.value:
        return words.of("figure.arrival.alone", grade=grade)
    return words.of("figure.arrival", method=words.of(f"method.{one.method.value}"), grade=grade)


class VerdictLine(NamedTuple):
    """How often a verdict, or a grade, cause or reason within it, was given.

    Attributes:
        wanted: The rows that it was counted from, of both kinds.
    """

    said: str
    visits: int
    claims: int
    within: bool
    wanted: RowsWanted


def verdict_lines(
    visits: VerdictFigures, claims: VerdictFigures, words: Words
) -> list[VerdictLine]:
    """Return a line for each verdict and what is within it.

    What never happened is left out, the four verdicts themselves never.
    """
    lines: list[VerdictLine] = []

    def within(said: str, of_visits: int, of_claims: int, **wanted: Any) -> None:
        if of_visits or of_claims:
            of = RowsWanted(**wanted)
            lines.append(VerdictLine(said, of_visits, of_claims, True, of))

    for kind in ORDER:
        said = words.of(f"verdicts.{kind.value}")
        counts = count_of(visits, kind), count_of(claims, kind)
        lines.append(VerdictLine(said, *counts, False, RowsWanted(verdict=kind)))
        if kind is VerdictKind.VERIFIED:
            for grade in VerdictGrade:
                said = words.of(f"grade.{grade.value}")
                counts = visits.verified.get(grade, 0), claims.verified.get(grade, 0)
                within(said, *counts, grade=grade)
        elif kind is VerdictKind.UNVERIFIED:
            counts = visits.explained, claims.explained
            within(words.of("explained"), *counts, verdict=kind, explained=True)
        elif kind is VerdictKind.UNKNOWN:
            for cause in sorted(
                {*visits.unknown, *claims.unknown}, key=lambda one: -visits.unknown.get(one, 0)
            ):
                said = words.of(f"cause.{cause.value}")
                counts = visits.unknown.get(cause, 0), claims.unknown.get(cause, 0)
                within(said, *counts, cause=cause)
        else:
            for why in sorted(
                {*visits.not_applicable, *claims.not_applicable},
                key=lambda one: -visits.not_applicable.get(one, 0),
            ):
                said = words.of(f"not_applicable.{why.value}")
                counts = visits.not_applicable.get(why, 0), claims.not_applicable.get(why, 0)
                within(said, *counts, reason=why)
    return lines
