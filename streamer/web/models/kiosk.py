"""What a kiosk says, and whom the board calls. Nothing of it says who somebody is."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from streamer.web.fields import Reference
from streamer.web.models.base import Answer, Sent


class KioskState(StrEnum):
    """What came of it; the page has words for each in every language."""

    ARRIVED = "arrived"
    ALREADY = "already"
    EARLY = "early"
    LATE = "late"
    OTHER_BUILDING = "other-building"
    CANCELLED = "cancelled"
    RECEPTION = "reception"
    """Something has to be cleared up with a person."""
    ELSEWHERE = "elsewhere"
    NO_APPOINTMENT = "no-appointment"
    CHOOSE = "choose"
    REFUSED = "refused"
    WAIT = "wait"
    AWAY = "away"
    DISPUTED = "disputed"


class KioskVisit(Answer):
    """A visit that the answer is about: when and where, and by which number it is called."""

    starts_at: datetime
    room: str | None
    building: str | None
    ticket: int | None
    opens_at: datetime = Field(description="from when one can arrive for it")


class KioskChoice(Answer):
    """A visit a guardian may pick; `person` tells dependants apart, 0 = the guardian."""

    appointment_ref: str
    starts_at: datetime
    room: str | None
    person: int


class KioskAnswer(Answer):
    """What the kiosk says."""

    state: KioskState
    visits: list[KioskVisit] = Field(default_factory=list)
    choices: list[KioskChoice] = Field(default_factory=list)
    wait_s: int | None = Field(None, description="codes are not looked at for so long")


class KioskCode(Sent):
    """What somebody types, or holds before the camera."""

    code: SecretStr = Field(min_length=1, max_length=512)
    chosen: list[Reference] = Field(
        default_factory=list, max_length=50, description="of the choices, or `all`"
    )


class KioskDispute(Sent):
    """Whoever has this code says that it was not them who was checked in."""

    code: SecretStr = Field(min_length=1, max_length=512)


class KioskText(Answer):
    """What a picture holds."""

    text: str | None = Field(description="of the first QR code; null = none is seen")


class KioskCall(Answer):
    """Somebody at a device asks for a person."""

    call_id: UUID
    device_id: str
    building: str
    why: Literal["help", "dispute"]
    called_at: datetime
    taken: bool = Field(description="somebody is on their way")


class BoardLine(Answer):
    """Who has arrived, by number."""

    ticket: int
    room: str | None
    building: str | None
    arrived_at: datetime


Most = Annotated[int, Field(ge=1, le=40)]


class BoardLines(Answer):
    """The newest arrivals, the newest first."""

    lines: list[BoardLine]
