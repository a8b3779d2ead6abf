"""Everything Kirdi holds about one patient, in full: what a patient is given who asks.

Read by `storage.patient_files`, written by `exchange.patient_file`. Personal data: in memory only,
until somebody writes it to a file of their own. Times are aware; None = not known, or never.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from streamer.domain.patient import Patient


@dataclass(frozen=True, slots=True)
class FileConsent:
    """A consent, with the text that was read."""

    purpose: str
    status: str
    document_ref: str
    given_at: datetime
    expires_at: datetime | None
    guardian_ref: str | None
    identity_check: str | None
    recorded_by: str | None
    recorded_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None
    text_language: str | None
    text_version: int | None
    text: str | None


@dataclass(frozen=True, slots=True)
class FileTemplate:
    """A template, without its figures: they say nothing to anybody but the matcher."""

    template_id: UUID
    pack_id: str
    photos: int
    created_at: datetime
    code_only: bool


@dataclass(frozen=True, slots=True)
class FileAppointment:
    """An appointment as the clinic's system told it.

    Attributes:
        formerly: Names of practitioners whose it was before.
    """

    appointment_ref: str
    practitioner: str
    service_code: str
    service_name: str
    starts_at: datetime
    ends_at: datetime
    status: str
    status_changed_at: datetime
    department: str | None
    building: str | None
    room: str | None
    place: str
    walk_in: bool
    formerly: str | None


@dataclass(frozen=True, slots=True)
class FileCheckIn:
    """A check-in, undone ones as well."""

    appointment_ref: str
    method: str
    evidence: str
    occurred_at: datetime
    recorded_at: datetime
    camera_id: str | None
    device_id: str | None
    score: float | None
    threshold: float | None
    pack_id: str | None
    decided_by: str | None
    note: str | None
    undone_at: datetime | None
    undone_by: str | None
    undone_reason: str | None


@dataclass(frozen=True, slots=True)
class FileStatusChange:
    """A step of an appointment's status that Kirdi made."""

    appointment_ref: str
    from_status: str
    to_status: str
    occurred_at: datetime
    changed_by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class FilePresence:
    """A sighting that changed no status."""

    occurred_at: datetime
    flag: str
    method: str
    evidence: str
    appointment_ref: str | None
    building: str | None
    camera_id: str | None
    device_id: str | None
    score: float | None
    threshold: float | None
    pack_id: str | None


@dataclass(frozen=True, slots=True)
class FileReview:
    """What a person decided about a match with this patient, or about a conflict they showed."""

    captured_at: datetime
    decided_at: datetime
    decision: str
    decided_by: str
    camera_id: str | None
    reason: str
    band: str | None
    score: float | None
    threshold: float | None
    pack_id: str | None
    method: str
    evidence: str
    device_id: str | None


@dataclass(frozen=True, slots=True)
class FileBlock:
    """A day on which the patient's face counted for nothing."""

    day: date
    blocked_at: datetime
    blocked_by: str


@dataclass(frozen=True, slots=True)
class FileCode:
    """A code that was issued: its digits are not stored anywhere."""

    kind: str
    grade: str
    appointment_ref: str | None
    issued_at: datetime
    issued_by: str
    expires_at: datetime
    redeemed_at: datetime | None
    redeemed_by: str | None
    device_id: str | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class FileAttempts:
    """Wrong codes counted for the patient."""

    day: date
    today: int
    last_at: datetime
    blocked_until: datetime


@dataclass(frozen=True, slots=True)
class FileClaim:
    """A service that the clinic billed for the patient; `amount` as it is written."""

    claim_ref: str
    appointment_ref: str | None
    practitioner: str
    service_code: str
    service_name: str
    performed_at: datetime
    time_precision: str
    amount: str
    currency: str
    quantity: int
    payer: str | None
    contract: str | None
    icd10: str | None
    tariff: str | None
    entered_at: datetime | None
    place: str | None
    room: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class FileConfirmation:
    """That the ministry's own system found the patient present."""

    confirmation_ref: str
    method: str
    confirmed_at: datetime
    appointment_ref: str | None
    taken_by: str | None
    building: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What a practitioner said of a visit without evidence, and what became of it.

    Attributes:
        kind: With `ref`: the appointment or claim.
    """

    kind: str
    ref: str
    practitioner_ref: str
    reason: str
    document_ref: str | None
    written_by: str
    written_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True)
class FileErasure:
    """A receipt of erasure."""

    erasure_id: UUID
    reason: str
    erased_by: str
    erased_at: datetime
    templates: int
    files_clean_at: datetime | None
    log_clean_at: datetime | None
    backups_clean_by: datetime


@dataclass(frozen=True, slots=True)
class FileComparison:
    """That the patient's photos were compared with all templates, at an enrolment."""

    read_at: datetime
    purpose: str
    pack_id: str
    templates: int


@dataclass(frozen=True, slots=True)
class FileAccess:
    """An entry of the audit about the patient: who did or looked at what."""

    recorded_at: datetime
    kind: str
    action: str
    actor: str
    outcome: str
    entity_type: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class PatientFile:
    """Everything about one patient, as of one moment.

    Attributes:
        made_by: Who asked for it.
        recorded_at: Since when the patient is known, and when the profile last changed.
        dependants: References of those whose guardian the patient is.
    """

    site_id: str
    site_name: str
    patient_id: UUID
    made_at: datetime
    made_by: str
    recorded_at: datetime
    updated_at: datetime
    profile: Patient = field(repr=False)
    dependants: tuple[str, ...]
    consents: tuple[FileConsent, ...] = field(repr=False)
    templates: tuple[FileTemplate, ...]
    appointments: tuple[FileAppointment, ...] = field(repr=False)
    check_ins: tuple[FileCheckIn, ...] = field(repr=False)
    status_changes: tuple[FileStatusChange, ...] = field(repr=False)
    presences: tuple[FilePresence, ...]
    reviews: tuple[FileReview, ...]
    blocks: tuple[FileBlock, ...]
    codes: tuple[FileCode, ...]
    attempts: tuple[FileAttempts, ...]
    claims: tuple[FileClaim, ...] = field(repr=False)
    confirmations: tuple[FileConfirmation, ...]
    answers: tuple[FileAnswer, ...] = field(repr=False)
    erasures: tuple[FileErasure, ...]
    comparisons: tuple[FileComparison, ...]
    accesses: tuple[FileAccess, ...] = field(repr=False)
