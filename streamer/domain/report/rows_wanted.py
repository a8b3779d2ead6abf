"""Which rows of a report somebody wants to see: those that one of its totals was counted from."""

from dataclasses import dataclass
from datetime import date

from streamer.domain.check_in import Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """What is None or False is not asked for.

    Attributes:
        scope: A department's or practitioner's only; `takes` leaves that to whoever reads.
        day: A day's only; likewise.
        reason: Of `not_applicable`.
        method: Of the evidence of the visit itself.
        at_risk: By a rule or by its practitioner's rate.
    """

    scope: Scope | None = None
    day: date | None = None
    kind: RowKind | None = None
    ref: str | None = None
    verdict: VerdictKind | None = None
    grade: VerdictGrade | None = None
    cause: UnknownCause | None = None
    reason: NotApplicable | None = None
    method: Method | None = None
    rule: RuleCode | None = None
    status: str | None = None
    took_place: bool = False
    explained: bool = False
    own_evidence: bool = False
    certain: bool = False
    estimated: bool = False
    at_risk: bool = False

    def takes(self, row: ReportRow) -> bool:
        """Is it one of them? `ref` apart, which may be told under a pseudonym."""
        asked = (
            (self.kind, row.kind),
            (self.verdict, row.verdict),
            (self.grade, row.grade),
            (self.cause, row.cause),
            (self.reason, row.not_applicable),
            (self.method, row.evidence and row.evidence.method),
            (self.status, row.status),
        )
        flags = (
            (self.took_place, row.took_place),
            (self.explained, row.explained),
            (self.own_evidence, row.own_evidence),
            (self.certain, row.certain),
            (self.estimated, row.estimated),
            (self.at_risk, row.certain or row.estimated),
        )
        return (
            all(wanted is None or wanted == found for wanted, found in asked)
            and all(found or not wanted for wanted, found in flags)
            and (self.rule is None or any(one.code is self.rule for one in row.findings))
        )

    @property
    def marks(self) -> tuple[bytes, ...]:
        """What stands in each line of JSON that holds such a row; others need not be read."""
        members = (
            ("kind", self.kind),
            ("verdict", self.verdict),
            ("grade", self.grade),
            ("cause", self.cause),
            ("not_applicable", self.reason),
            ("method", self.method),
            ("code", self.rule),
        )
        flags = ("took_place", "explained", "own_evidence", "certain", "estimated")
        return (
            *(f'"{name}":"{value.value}"'.encode() for name, value in members if value),
            *(f'"{name}":true'.encode() for name in flags if getattr(self, name)),
        )
