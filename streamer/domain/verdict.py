"""What the evidence says about an appointment or a billed service. Made by `reports.verdicts`.

`unverified` is no accusation: it says that somebody would have been noticed and nobody was.
"""

from enum import StrEnum

import msgspec

from streamer.domain.check_in import EvidenceGrade
from streamer.domain.coverage import Coverage, UnknownCause
from streamer.domain.visit_evidence import VisitEvidence


class VerdictKind(StrEnum):
    """The four verdicts."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


class VerdictGrade(StrEnum):
    """What a `verified` rests on: a grade of evidence, or `same_day`, which is counted apart."""

    FACE = "face"
    EGOV = "egov"
    CODE = "code"
    DESK_CODE = "desk_code"
    GUARDIAN = "guardian"
    MANUAL = "manual"
    SAME_DAY = "same_day"
    """The patient was there for something else, near enough in time."""

    @classmethod
    def of(cls, evidence: EvidenceGrade) -> "VerdictGrade":
        """The grade of a visit's own evidence."""
        return cls(evidence.value)


class NotApplicable(StrEnum):
    """Why nobody's presence at the site is asked for."""

    HOME = "home"
    REMOTE = "remote"
    MOBILE = "mobile"
    OUTREACH = "outreach"
    CANCELLED = "cancelled"
    """The clinic's system says that it was cancelled, entered in error, or never booked."""
    NOSHOW = "noshow"
    """The clinic's system itself says that the patient did not come."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """One verdict; exactly one of `grade`, `cause` and `not_applicable` is there, or none.

    Attributes:
        grade: Of `verified`.
        evidence: Of `verified`: the best piece there is. Under `same_day` its own grade says what
            it is worth for the other service.
        cause: Of `unknown`.
        not_applicable: Of `not_applicable`.
        coverage: Of the window; None where nobody's presence is asked for.
        own_evidence: There was evidence that does not count, because it was produced by who bills.
    """

    kind: VerdictKind
    grade: VerdictGrade | None = None
    evidence: VisitEvidence | None = None
    cause: UnknownCause | None = None
    not_applicable: NotApplicable | None = None
    coverage: Coverage | None = None
    own_evidence: bool = False
