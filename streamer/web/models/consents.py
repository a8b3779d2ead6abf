"""Consents, their texts, and receipts of what was erased."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from streamer.domain.consent import (
    ConsentPurpose,
    ConsentStatus,
    EndReason,
    IdentityCheck,
    Language,
)
from streamer.web.fields import Day, Label, Reference
from streamer.web.models.base import Answer, Sent


class Consent(Answer):
    """A consent as it was recorded."""

    patient_ref: str
    purpose: ConsentPurpose
    status: ConsentStatus
    document_ref: str
    given_at: datetime
    expires_at: datetime | None
    guardian_ref: str | None
    identity_check: IdentityCheck | None
    language: Language | None
    text_version: int | None
    recorded_by: str | None
    recorded_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: EndReason | None


class SignedConsent(Sent):
    """A signed consent, to be recorded."""

    patient_ref: Reference = Field(examples=["P-17"])
    purpose: ConsentPurpose = ConsentPurpose.CHECK_IN
    document_ref: Label = Field(description="the signed document", examples=["C-2026-17"])
    language: Language = Field(description="what it was read in")
    identity_check: IdentityCheck = Field(description="how it was made sure who signed")
    guardian_ref: Reference | None = Field(
        None, description="who signed for a patient under 18", examples=[None]
    )
    given: Day | None = Field(None, description="the day it was signed; null = now")
    expires: Day | None = Field(None, description="the last day it holds; null = a full term")


class RecordedConsent(Answer):
    """What is on record of a document."""

    consent: Consent
    new: bool = Field(description="false: the document had been recorded before")


class Withdrawal(Sent):
    """Whose consent ends."""

    patient_ref: Reference = Field(examples=["P-17"])
    purpose: ConsentPurpose | None = Field(None, description="which; null = all in force")
    reason: Literal["withdrawn", "entered-in-error"] = "withdrawn"


class Receipt(Answer):
    """What was erased of a patient, and by when no copy is left."""

    erasure_id: UUID
    patient_ref: str | None
    reason: str = Field(
        description="why its consent ended; or erasure, at the patient's wish; or retention",
        examples=["withdrawn"],
    )
    erased_by: str
    erased_at: datetime
    templates: int = Field(description="how many; from `erased_at` on nobody can match them")
    files_clean_at: datetime | None = Field(
        description="since when the database's files hold their keys no more; null = not yet"
    )
    log_clean_at: datetime | None = Field(
        description="since when its write-ahead log does not either; null = not yet, or not known"
    )
    backups_clean_by: datetime = Field(
        description="when the last backup that may hold the keys is deleted"
    )


class Withdrawn(Answer):
    """What ended, and the receipt."""

    patient_ref: str
    ended: list[ConsentPurpose]
    receipt: Receipt | None = Field(description="null: there was nothing to erase")


class Text(Answer):
    """What is read to a patient, the clinic's particulars filled in. Markdown."""

    purpose: ConsentPurpose
    language: Language
    version: int
    body: str
