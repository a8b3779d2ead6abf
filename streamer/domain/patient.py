"""A patient as a clinic's system names one. Personal data: encrypted wherever it is stored."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Patient:
    """One row of a patients import.

    Attributes:
        patient_ref: The clinic's own reference: opaque, never an identity number.
        id_type: `iin`, `passport` or `birth_certificate`, where a number is known.
        guardian_refs: References of the patient's guardians.
        is_staff: Staff are never checked in by face.
    """

    patient_ref: str
    full_name: str = field(repr=False)
    id_type: str | None = None
    id_number: str | None = field(default=None, repr=False)
    sex: str | None = None
    birth_date: date | None = field(default=None, repr=False)
    language: str | None = None
    phone: str | None = field(default=None, repr=False)
    attached_from: date | None = None
    attached_to: date | None = None
    deceased_on: date | None = None
    payer: str | None = None
    guardian_refs: tuple[str, ...] = ()
    is_staff: bool = False
