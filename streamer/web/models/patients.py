"""Patients, and their enrolment."""

from datetime import date

from pydantic import Field

from streamer.domain.consent import ConsentPurpose
from streamer.web.models.base import Answer


class Patient(Answer):
    """A patient, without anything that names one."""

    patient_ref: str = Field(examples=["P-17"])
    language: str | None
    attached_from: date | None
    attached_to: date | None
    deceased_on: date | None
    is_staff: bool
    payer: str | None
    consents: list[ConsentPurpose] = Field(description="the purposes of the consents in force")
    packs: list[str] = Field(description="ids of the model packs there are templates of")
    needs_enrolment: bool = Field(
        description="consents to recognition, and the pack in use has no template"
    )
    looks_like: list[str] = Field(
        description="patients whom the pack in use cannot tell from this one: code only"
    )


class Profile(Answer):
    """Who a patient is. Never an identity number."""

    full_name: str
    birth_date: date | None
    sex: str | None
    phone: str | None
    guardian_refs: list[str]


class PatientShown(Patient):
    """A patient; with the profile for those who need the name."""

    profile: Profile | None = Field(None, description="null: your roles do not allow it")


class Enrolled(Answer):
    """What was enrolled, and what could be better."""

    patient_ref: str
    photos: int = Field(description="how many went into the template")
    warnings: list[str]
    looks_like: list[str]
    code_only: bool = Field(
        description="too much like somebody else: neither is recognised by face"
    )


class PhotoAdvice(Answer):
    """What could be better about a picture."""

    faces: int
    shortcoming: str | None = Field(
        description="no_face, several_faces, low_score, cut_by_border, too_small, turned_away, "
        "badly_lit, blurred, small, off_centre; null = it is good"
    )
    usable: bool = Field(description="it can be enrolled from")
    bbox: tuple[float, float, float, float] | None = Field(
        description="the face, in shares of width and height: left, top, right, bottom"
    )
