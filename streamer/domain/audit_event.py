"""What the audit keeps of an event; names after FHIR R4 AuditEvent. Written by `storage.audit`.

Opaque ids, figures and accounts of staff, so that it can be kept for years: never a name of a
patient, a number, a phone, a code.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AuditKind(StrEnum):
    """What happened."""

    ENROLMENT = "enrolment"
    TEMPLATE_READ = "template-read"
    CONSENT = "consent"
    WITHDRAWAL = "withdrawal"
    DECISION = "decision"
    REVIEW = "review"
    UNDO = "undo"
    CODE_ISSUE = "code-issue"
    CODE_ATTEMPT = "code-attempt"
    PATIENT_READ = "patient-read"
    IMPORT = "import"
    EXPORT = "export"
    ERASURE = "erasure"
    INCIDENT_REPORT = "incident-report"
    SETTINGS_CHANGE = "settings-change"
    ACCOUNT_CHANGE = "account-change"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    ACCESS_DENIED = "access-denied"
    LIVE_VIEW = "live-view"
    KEY_ROTATION = "key-rotation"
    RETENTION = "retention"
    JOB_RUN = "job-run"
    AUDIT_READ = "audit-read"
    REPORT = "report"


class AuditAction(StrEnum):
    """FHIR AuditEvent.action."""

    CREATE = "C"
    READ = "R"
    UPDATE = "U"
    DELETE = "D"
    EXECUTE = "E"


class AuditOutcome(StrEnum):
    """FHIR AuditEvent.outcome."""

    SUCCESS = "0"
    MINOR_FAILURE = "4"
    SERIOUS_FAILURE = "8"
    MAJOR_FAILURE = "12"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event.

    Attributes:
        kind: What happened.
        action: What was done to the entity.
        actor: Who, as `Actor.name`.
        occurred_at: When it happened, aware; when it was recorded is the database's to say.
        outcome: How it ended.
        patient_id: About whom; None = nobody in particular.
        entity_type: What else it is about, as a FHIR resource or one of our nouns: Appointment,
            Consent, Camera, account.
        entity_id: Its opaque id.
        reason: A code. Not what a person wrote down: a name may stand in that; the row the event is
            about keeps it.
        detail: Figures and opaque ids more, by name.
    """

    kind: AuditKind
    action: AuditAction
    actor: str
    occurred_at: datetime
    outcome: AuditOutcome = AuditOutcome.SUCCESS
    patient_id: UUID | None = None
    entity_type: str = ""
    entity_id: str = ""
    reason: str = ""
    detail: tuple[tuple[str, str | int | float | bool | None], ...] = field(default=())
