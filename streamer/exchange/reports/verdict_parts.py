"""The four verdicts of a group of visits, in the order in which every form shows them."""

from streamer.domain.check_in import Method
from streamer.domain.report.figures import ArrivalCount, VerdictFigures
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


def verdict_lines(
    visits: VerdictFigures, claims: VerdictFigures, words: Words
) -> list[tuple[str, int, int, bool]]:
    """Return a line for each verdict and what is within it: words, visits, claims, within another.

    What never happened is left out, the four verdicts themselves never.
    """
    lines: list[tuple[str, int, int, bool]] = []

    def within(said: str, of_visits: int, of_claims: int) -> None:
        if of_visits or of_claims:
            lines.append((said, of_visits, of_claims, True))

    for kind in ORDER:
        said = words.of(f"verdicts.{kind.value}")
        lines.append((said, count_of(visits, kind), count_of(claims, kind), False))
        if kind is VerdictKind.VERIFIED:
            for grade in VerdictGrade:
                said = words.of(f"grade.{grade.value}")
                within(said, visits.verified.get(grade, 0), claims.verified.get(grade, 0))
        elif kind is VerdictKind.UNVERIFIED:
            within(words.of("explained"), visits.explained, claims.explained)
        elif kind is VerdictKind.UNKNOWN:
            for cause in sorted(
                {*visits.unknown, *claims.unknown}, key=lambda one: -visits.unknown.get(one, 0)
            ):
                said = words.of(f"cause.{cause.value}")
                within(said, visits.unknown.get(cause, 0), claims.unknown.get(cause, 0))
        else:
            for why in sorted(
                {*visits.not_applicable, *claims.not_applicable},
                key=lambda one: -visits.not_applicable.get(one, 0),
            ):
                said = words.of(f"not_applicable.{why.value}")
                within(said, visits.not_applicable.get(why, 0), claims.not_applicable.get(why, 0))
    return lines
