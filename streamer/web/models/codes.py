"""One-time codes: as they are issued, redeemed and listed."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field, SecretStr, model_validator

from streamer.domain.check_in import EvidenceGrade, Recorded
from streamer.domain.code import CodeKind, CodeState
from streamer.domain.decision import Reason
from streamer.web.fields import Named, Reference
from streamer.web.models.base import Answer, Sent


class Code(Answer):
    """A code as reception sees it; never its digits."""

    code_id: UUID
    patient_ref: str
    appointment_ref: str | None
    kind: CodeKind
    grade: EvidenceGrade
    issued_at: datetime
    issued_by: str
    expires_at: datetime
    redeemed_at: datetime | None
    redeemed_by: str | None
    device: str | None
    state: CodeState


class CodeWanted(Sent):
    """For whom, or for which appointment alone."""

    patient_ref: Reference | None = Field(
        None, description="for all they have today", examples=["P-17"]
    )
    appointment_ref: Reference | None = Field(
        None, description="for this appointment alone, instead", examples=[None]
    )
    kind: CodeKind = CodeKind.DIGITS
    send: bool = Field(
        False, description="to the patient's registered phone; it is shown to nobody then"
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.patient_ref is None) == (self.appointment_ref is None):
            raise ValueError("give patient_ref or appointment_ref, one of them")
        return self


class IssuedCode(Answer):
    """A code in force. Hand it over: it is shown this once and stored nowhere."""

    code_id: UUID
    patient_ref: str
    appointment_ref: str | None
    kind: CodeKind
    grade: EvidenceGrade
    expires_at: datetime
    tickets: list[int] = Field(description="by which numbers the board calls the patient")
    code: str | None = Field(
        description="six digits, or the text of the QR code; null where it was sent"
    )
    qr: list[str] | None = Field(
        None,
        description="the QR code to draw: a text for each row of modules, 1 is dark, no margin",
    )


class CodeShown(Sent):
    """What somebody shows at a device."""

    code: SecretStr = Field(
        min_length=1, max_length=4096, description="six digits, or the text of a QR code"
    )
    device: Named = Field(description="one of the settings' codes.devices", examples=["desk-1"])
    building: Named | None = Field(
        None, description="where it stands, if not where it is set", examples=[None]
    )
    chosen: list[Reference] = Field(
        default_factory=list,
        max_length=50,
        alias="for",
        description="whom a guardian comes with: appointments, or `all`",
    )
    egov: bool = Field(False, description="it is a code of the national digital documents")


class Arrival(Answer):
    """What became of one appointment."""

    appointment_ref: str
    evidence: EvidenceGrade
    recorded: Recorded


class Choice(Answer):
    """An appointment a guardian may pick; of dependant 0 = the guardian's own."""

    appointment_ref: str
    dependant: int
    starts_at: datetime
    building: str | None
    denied: bool = Field(
        False, description="set to noshow: choosing it arrives at nothing and asks a colleague"
    )


class Redemption(Answer):
    """What came of it. `refused` never says why: not even to whoever guesses."""

    answer: str = Field(
        description="arrived, not_arrived, choose, refused, or away: the national service does not "
        "answer"
    )
    reason: Reason | None
    arrivals: list[Arrival]
    choices: list[Choice]
    to_review: bool = Field(
        False, description="set to noshow: that the patient is here waits for a person"
    )
    meant: list[Choice] = Field(
        default_factory=list, description="which visits `reason` is about: when, and where"
    )
    advice: str | None = Field(None, description="of `choose` and `away`: what to do next")


class Device(Answer):
    """A device at which wrong codes were shown today, or (scope `site`) all of them."""

    scope: str
    subject: str
    today: int
    blocked_until: datetime | None = Field(description="null: it need not wait")


class Unblock(Sent):
    """Which device may take codes again: somebody has looked who was trying there."""

    device: Named = Field(examples=["desk-1"])


class Unblocked(Answer):
    """Whether there was anything to forget."""

    device: str
    forgiven: bool
