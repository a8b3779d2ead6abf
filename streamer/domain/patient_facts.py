"""What reports ask about a patient on a day: nothing that names anybody."""

from datetime import date
from uuid import UUID

import msgspec


class PatientFacts(msgspec.Struct, frozen=True, gc=False):
    """Of one patient, as of one day.

    Attributes:
        enrolled: There was a consent to check-in in force, so that a face could be recognised.
        declined: The patient had withdrawn one, or refused, and given no other.
        code_only: Enrolled, but too much like another patient to be recognised.
        attached_from: First day attached to the clinic; None with `attached_to` None = not known.
        sex: `female` or `male`; None = not known, or not asked for by any rule.
        birth_date: None = not known, or not asked for by any rule.
    """

    patient_id: UUID
    patient_ref: str
    enrolled: bool
    declined: bool
    code_only: bool
    deceased_on: date | None = None
    attached_from: date | None = None
    attached_to: date | None = None
    sex: str | None = None
    birth_date: date | None = None
