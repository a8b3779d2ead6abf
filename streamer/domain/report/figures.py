"""The figures of one group of visits: a site's, a department's, a practitioner's, a day's.

Each figure is a plain sum over rows (`ReportRow`), so that whoever doubts one can count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import NotApplicable, VerdictGrade

Amounts = Mapping[str, Decimal]
"""By currency; they are never added up over currencies."""


@dataclass(frozen=True, slots=True)
class ArrivalCount:
    """Arrivals that came about in one way."""

    method: Method
    grade: EvidenceGrade
    count: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Of minutes; negative = before the time.

    Attributes:
        count: How many could be measured; nothing is said of others.
    """

    count: int
    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class VerdictFigures:
    """How often each verdict was given.

    Attributes:
        verified: By grade; `same_day` is one of them and is shown apart.
        unverified: Those that nobody explained, and those explained, together.
        explained: Of the unverified ones: answered by the practitioner, accepted by another person.
        own_evidence: There was evidence that does not count: whoever bills produced it.
    """

    verified: Mapping[VerdictGrade, int] = field(default_factory=dict)
    unverified: int = 0
    explained: int = 0
    unknown: Mapping[UnknownCause, int] = field(default_factory=dict)
    not_applicable: Mapping[NotApplicable, int] = field(default_factory=dict)
    own_evidence: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return (
            sum(self.verified.values())
            + self.unverified
            + sum(self.unknown.values())
            + sum(self.not_applicable.values())
        )


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Claims to look at; never such that are `unverified` and nothing else.

    Attributes:
        claims: Each counts once, however many reasons it has.
        amounts: What they bill; of claims without an amount nothing.
    """

    claims: int = 0
    amounts: Amounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """One group's.

    Attributes:
        appointments: All that begin in the period, whatever their status.
        took_place: Those of which the clinic's system says that there was a visit.
        noshows: Those of which it says that the patient did not come.
        lateness: From the appointment's start to the arrival.
        waiting: From the arrival to the measured time of the first service that the appointment's
            practitioner billed for it.
        patients: Different ones with an appointment or claim.
        enrolled: Those of them who could be recognised by face; `declined`: who did not want it.
        certain: Claims at risk by a rule.
        estimated: Others, `unverified`, of practitioners whose rate stands above the site's.
        rules: How many claims each rule found, information too.
    """

    appointments: int = 0
    took_place: int = 0
    noshows: int = 0
    arrivals: tuple[ArrivalCount, ...] = ()
    lateness: Spread | None = None
    waiting: Spread | None = None
    visits: VerdictFigures = VerdictFigures()
    claims: VerdictFigures = VerdictFigures()
    billed: Amounts = field(default_factory=dict)
    patients: int = 0
    enrolled: int = 0
    declined: int = 0
    certain: AtRisk = AtRisk()
    estimated: AtRisk = AtRisk()
    rules: Mapping[RuleCode, int] = field(default_factory=dict)
