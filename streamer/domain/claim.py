"""Who somebody says to be without showing a face, as the database can look it up.

Made by `checkin.codes.redeeming` of what was typed or read; read by `storage.claims`.
"""

from dataclasses import dataclass, field
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.domain.appointment import Appointment
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.person import Person


@dataclass(frozen=True, slots=True)
class Device:
    """Where codes are redeemed.

    Attributes:
        operator: The account of who works at it; None = patients by themselves.
        camera: It is a camera of kind kiosk.
    """

    device_id: str
    building: str
    operator: str | None = None
    camera: bool = False


@dataclass(frozen=True, slots=True)
class DigitsShown:
    """Six digits."""

    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenShown:
    """The text of a QR code of ours, not checked yet."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonShown:
    """Somebody whom the national digital-documents service vouches for."""

    person: Person = field(repr=False)


Shown = DigitsShown | TokenShown | PersonShown


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a claim is good for.

    Attributes:
        grade: What it is worth for the holder's own appointments.
        issuer: Who made the code out; None where nobody here did.
    """

    patient_id: UUID
    code_id: UUID | None
    grade: EvidenceGrade
    issuer: Actor | None


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment of the holder, or of somebody the holder is guardian of.

    Attributes:
        dependant: Whose: 0 = the holder's own, else counted from 1.
    """

    appointment: Appointment
    appointment_ref: str
    dependant: int
