"""A one-time code: as it is ordered, issued and listed. Its digits are never stored."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from streamer.domain.check_in import EvidenceGrade


class CodeKind(StrEnum):
    """What the patient is given."""

    DIGITS = "digits"
    QR = "qr"


@dataclass(frozen=True, slots=True)
class CodeOrder:
    """What is asked for.

    Attributes:
        patient_ref: For whom; None where an appointment is named.
        appointment_ref: For this one alone; None = whatever the patient has that day.
        sent: To the registered phone, so that the code is worth more.
    """

    patient_ref: str | None
    appointment_ref: str | None
    kind: CodeKind
    sent: bool

    @property
    def grade(self) -> EvidenceGrade:
        """What a check-in with it will be worth."""
        return EvidenceGrade.CODE if self.sent else EvidenceGrade.DESK_CODE


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code in force, on its way to the patient. In memory only.

    Attributes:
        secret: The six digits, or the text of the QR code.
        phone: The patient's registered one, where the order wants it sent.
        language: The patient's.
        tickets: By which numbers the board calls the patient: of the visits that it is for.
    """

    code_id: UUID
    patient_ref: str
    appointment_ref: str | None
    kind: CodeKind
    grade: EvidenceGrade
    issued_by: str
    expires_at: datetime
    secret: str = field(repr=False)
    phone: str | None = field(repr=False, default=None)
    language: str | None = None
    tickets: tuple[int, ...] = ()


class CodeState(StrEnum):
    """What became of a code."""

    IN_FORCE = "in_force"
    REDEEMED = "redeemed"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code as reception sees it. Times are UTC."""

    code_id: UUID
    patient_ref: str
    appointment_ref: str | None
    kind: str
    grade: str
    issued_at: datetime
    issued_by: str
    expires_at: datetime
    redeemed_at: datetime | None
    redeemed_by: str | None
    device: str | None
    state: CodeState
