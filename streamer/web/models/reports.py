"""Reports: what there is, how one is made, what one says."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec
from pydantic import Field

from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.report import row as domain
from streamer.domain.report.delivery import DeliveryEntry
from streamer.domain.report.report import Report
from streamer.domain.report.revision import Revision, RevisionEntry
from streamer.domain.visit_evidence import EvidenceSource
from streamer.web.fields import Day
from streamer.web.models.base import Answer, Sent
from streamer.web.report_ports import Making


class ReportPeriod(Answer):
    """Days of the site, both ends included."""

    kind: Literal["day", "week", "month", "range"]
    first: date
    last: date


class ReportEntry(Answer):
    """One revision of a report."""

    report_id: UUID
    revision: int
    period: ReportPeriod
    state: Literal["preliminary", "final"]
    made_at: datetime
    made_by: str | None = Field(description="null = not for your account")
    final_on: datetime = Field(description="when answers of practitioners end, or ended")
    digest: str = Field(description="SHA-256 of the whole site's report, hex")
    appointments: int | None = Field(description="of the whole site; null = not for your account")
    unverified: int | None = Field(description="likewise")


class ReportShown(Answer):
    """A revision, or what your scope leaves of it."""

    entry: ReportEntry
    digest: str = Field(description="SHA-256 of this part, hex: what is printed and checked")
    changes: dict[str, tuple[int, int]] = Field(
        description="figures that differ from the revision before: before and after"
    )
    pseudonymous: bool
    report: Report = Field(description="as described in docs/reports.md")


class RowEvidence(Answer):
    """The evidence a verdict rests on."""

    source: EvidenceSource
    source_id: UUID = Field(description="its record in Kirdi, or a pseudonym")
    grade: EvidenceGrade
    occurred_at: datetime
    method: Method | None
    place: str | None = Field(description="camera or device")


class ReportRow(Answer):
    """An appointment or billed service with its verdict."""

    kind: Literal["appointment", "claim"]
    ref: str
    patient_id: str = Field(description="Kirdi's own number of the patient, or a pseudonym")
    practitioner_ref: str
    department: str | None
    service_code: str
    service_name: str
    at: datetime
    status: str
    verdict: Literal["verified", "unverified", "not_applicable", "unknown"]
    grade: str | None = Field(description="of `verified`")
    cause: str | None = Field(description="of `unknown`")
    not_applicable: str | None = Field(description="of `not_applicable`")
    evidence: RowEvidence | None
    own_evidence: bool = Field(description="who bills it produced evidence, which doesn't count")
    covered: float | None = Field(description="share of its window that was watched, 0 to 1")
    enrolled: bool
    declined: bool
    explained: bool
    took_place: bool
    appointment_ref: str | None
    amount: Decimal | None
    currency: str | None
    measured: bool
    rules: list[str] = Field(description="codes of the rules it stands out by")
    certain: bool = Field(description="at risk by a rule")
    estimated: bool = Field(description="at risk by its practitioner's rate alone")


class ReportDelivery(Answer):
    """One revision to one destination."""

    delivery_id: UUID
    revision: int
    schedule: str
    destination: str
    forms: list[str]
    language: str
    state: Literal["waiting", "sending", "sent", "failed"] = Field(
        description="`failed` = given up: nobody tries again by themselves"
    )
    attempts: int
    created_at: datetime
    next_try_at: datetime | None
    ended_at: datetime | None
    error: str | None = Field(description="of the last try that failed")


class ReportWanted(Sent):
    """Days to report about."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to", description="included; at most a year")


class ReportMaking(Answer):
    """How the last making goes."""

    state: Literal["none", "running", "done", "failed"]
    period: ReportPeriod | None
    done: int = Field(description="days that are done, of `days`")
    days: int
    report_id: UUID | None = Field(description="once it is done")
    revision: int | None
    error: str | None
    code: str | None = Field(description="a word for the error, where there is one")


class ReportVerification(Answer):
    """Is a printed report what was made here?"""

    sound: bool


def entry_of(entry: RevisionEntry, *, whole: bool) -> ReportEntry:
    """Make it; figures of the whole site only for those who may see all of it."""
    return ReportEntry(
        report_id=entry.report_id,
        revision=entry.number,
        period=ReportPeriod.model_validate(entry.period),
        state=entry.state.value,
        made_at=entry.made_at,
        made_by=entry.made_by if whole else None,
        final_on=entry.final_on,
        digest=entry.digest.hex(),
        appointments=entry.appointments if whole else None,
        unverified=entry.unverified if whole else None,
    )


def shown_of(revision: Revision, *, whole: bool, pseudonymous: bool) -> ReportShown:
    """Make it."""
    return ReportShown(
        entry=entry_of(revision.entry, whole=whole),
        digest=revision.digest.hex(),
        changes=dict(revision.changes),
        pseudonymous=pseudonymous,
        report=revision.report,
    )


def row_of(row: domain.ReportRow) -> ReportRow:
    """Make it."""
    fields = {name: getattr(row, name) for name in ReportRow.model_fields if name != "rules"}
    fields["rules"] = [one.code.value for one in row.findings]
    if row.evidence is not None:
        fields["evidence"] = msgspec.structs.asdict(row.evidence)
    return ReportRow.model_validate(fields)


def delivery_of(entry: DeliveryEntry) -> ReportDelivery:
    """Make it."""
    fields = {name: getattr(entry, name, None) for name in ReportDelivery.model_fields}
    fields |= {"revision": entry.number, "state": entry.state.value, "forms": list(entry.forms)}
    return ReportDelivery.model_validate(fields)


def making_of(making: Making) -> ReportMaking:
    """Make it."""
    period = making.period
    return ReportMaking(
        state=making.state.value,
        period=None if period is None else ReportPeriod.model_validate(period),
        done=making.done,
        days=making.days,
        report_id=making.report_id,
        revision=making.number,
        error=making.error,
        code=making.code,
    )
