"""The audit: who did what, and whether that is still as it was written."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from streamer.domain.recorded_event import RecordedEvent
from streamer.web.models.base import Answer


class AuditEvent(Answer):
    """One event; names after FHIR R4 AuditEvent. Opaque ids and accounts of staff only."""

    lane: int = Field(description="which of the site's chains it is in")
    sequence: int
    recorded_at: datetime
    occurred_at: datetime | None
    kind: str = Field(examples=["patient-read"])
    action: str = Field(description="C, R, U, D or E")
    outcome: str = Field(description="0 = success, 4, 8 or 12 = failure")
    actor: str
    patient_id: UUID | None
    entity_type: str
    entity_id: str
    reason: str
    detail: dict[str, str | int | float | bool | None]
    hash: str = Field(description="hexadecimal; links it to the event before")


class Verification(Answer):
    """What the audit is worth."""

    sound: bool
    events: int = Field(description="how many were looked at")
    removed_by_retention: int
    checkpoints: int = Field(description="how many known outside the database agree")
    newest_checkpoint: str | None
    events_since: int = Field(description="newer than the last checkpoint")
    findings: list[str] = Field(description="what is wrong and where; none = it is sound")
    more_findings: int
    notes: list[str]


def event_of(event: RecordedEvent) -> AuditEvent:
    """Make the answer of a record."""
    return AuditEvent(
        lane=event.lane,
        sequence=event.sequence,
        recorded_at=event.recorded_at,
        occurred_at=event.occurred_at,
        kind=event.kind,
        action=event.action,
        outcome=event.outcome,
        actor=event.actor,
        patient_id=event.patient_id,
        entity_type=event.entity_type,
        entity_id=event.entity_id,
        reason=event.reason,
        detail=dict(event.detail),
        hash=event.hash.hex(),
    )
