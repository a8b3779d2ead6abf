"""A patient's consent, after FHIR R4 Consent: what was agreed to, by whom, until when."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ConsentPurpose(StrEnum):
    """What a consent is for; each is given and withdrawn by itself."""

    CHECK_IN = "check-in"
    """Being recognised by face."""
    PAYER_EVIDENCE = "payer-evidence"
    """Telling the payer that the patient came."""


class ConsentStatus(StrEnum):
    """FHIR R4 `Consent.status`; only `active` ones count."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACTIVE = "active"
    REJECTED = "rejected"
    INACTIVE = "inactive"
    ENTERED_IN_ERROR = "entered-in-error"


class EndReason(StrEnum):
    """Why a consent is active no more."""

    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    OF_AGE = "of-age"
    DECEASED = "deceased"
    STAFF = "staff"
    ENTERED_IN_ERROR = "entered-in-error"


class IdentityCheck(StrEnum):
    """How it was made sure who signed."""

    ID_DOCUMENT = "id-document"
    EGOV = "egov"
    KNOWN_TO_STAFF = "known-to-staff"


class Language(StrEnum):
    """What a consent is read in."""

    KK = "kk"
    RU = "ru"
    EN = "en"


@dataclass(frozen=True, slots=True)
class ConsentText:
    """What was read, in full: Markdown, with the clinic's name and terms filled in."""

    purpose: ConsentPurpose
    version: int
    language: Language
    body: str

    @property
    def sha256(self) -> bytes:
        """The body's digest: two consents to the same words share one row."""
        return hashlib.sha256(self.body.encode()).digest()


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A signed consent as somebody records it.

    Attributes:
        document_ref: The signed document.
        given_at: Aware.
        expires_at: Aware; the first moment at which it does not hold any more.
        guardian_ref: Who signed for the patient; None = the patient.
    """

    patient_ref: str
    purpose: ConsentPurpose
    document_ref: str
    given_at: datetime
    expires_at: datetime
    identity_check: IdentityCheck
    guardian_ref: str | None = None


@dataclass(frozen=True, slots=True)
class ConsentInForce:
    """An active consent, as far as rules ask for it."""

    consent_id: UUID
    document_ref: str
    given_at: datetime
    expires_at: datetime | None
    by_guardian: bool
