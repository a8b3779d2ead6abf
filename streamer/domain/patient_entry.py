"""A patient as people see one: by reference, and by name where somebody needs the name."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class PatientEntry:
    """A patient without anything that names one.

    Attributes:
        consents: The purposes of the consents in force.
        packs: Ids of the model packs there are templates of.
        needs_enrolment: Consents to recognition, and the pack in use has no template.
        looks_like: References of patients whom the pack in use cannot tell from this one: they
            check in by code only.
    """

    patient_ref: str
    language: str | None
    attached_from: date | None
    attached_to: date | None
    deceased_on: date | None
    is_staff: bool
    payer: str | None
    consents: tuple[str, ...]
    packs: tuple[str, ...]
    needs_enrolment: bool
    looks_like: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientProfile:
    """What is sealed of a patient, opened for somebody who may know; never an identity number."""

    full_name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    sex: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    guardian_refs: tuple[str, ...] = ()
