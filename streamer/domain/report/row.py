"""One appointment or billed service of a report with its verdict: what totals are counted from.

Holds references only. Kept with the report, so that a total can be followed to its evidence later.

A report has 200,000 rows, each of which is made, written and read while somebody waits: msgspec
does that in a fraction of a data class's time. What has its default is not written.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.coverage import UnknownCause
from streamer.domain.rule_finding import RuleFinding
from streamer.domain.verdict import NotApplicable, VerdictGrade, VerdictKind
from streamer.domain.visit_evidence import EvidenceSource

# A time without a zone is refused.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class RowKind(StrEnum):
    """What a row is about."""

    APPOINTMENT = "appointment"
    CLAIM = "claim"


class RowEvidence(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The evidence a verdict rests on.

    Attributes:
        method: Of a check-in or presence.
        source_id: Its record in Kirdi.
        place: Camera or device; None = neither, or not known.
    """

    source: EvidenceSource
    source_id: UUID
    grade: EvidenceGrade
    occurred_at: Moment
    method: Method | None = None
    place: str | None = None


class ReportRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """Times are aware, UTC.

    Attributes:
        ref: The appointment's or claim's reference; with `kind` it names the row.
        patient_id: Kirdi's own number of the patient: the clinic's reference would outlive their
            erasure, as what is kept of a report never changes.
        at: The appointment's start, or when the service was performed.
        covered: Share of the window, 0 to 1; None where nobody's presence is asked for.
        status: Of an appointment, FHIR's; of a claim `billed`.
        declined: The patient did not want to be recognised by face, on that day.
        explained: An accepted answer of the practitioner stands beside an `unverified`, or beside
            what a rule found.
        took_place: Of an appointment: the clinic's system says that there was a visit.
        appointment_ref: Of a claim: the appointment it names.
        measured: Of a claim: a machine noted the time; others were typed.
        findings: Of a claim: the rules it stands out by, information too.
        certain: Of a claim: at risk by a rule; `estimated`: by its practitioner's rate alone.
    """

    kind: RowKind
    ref: str
    patient_id: str
    practitioner_ref: str
    department: str | None
    service_code: str
    service_name: str
    at: Moment
    status: str
    verdict: VerdictKind
    grade: VerdictGrade | None = None
    cause: UnknownCause | None = None
    not_applicable: NotApplicable | None = None
    evidence: RowEvidence | None = None
    own_evidence: bool = False
    covered: float | None = None
    enrolled: bool = False
    declined: bool = False
    explained: bool = False
    took_place: bool = False
    appointment_ref: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    measured: bool = False
    findings: tuple[RuleFinding, ...] = ()
    certain: bool = False
    estimated: bool = False
