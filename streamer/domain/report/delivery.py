"""Where revisions of reports were sent, or are to be, and how that ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from streamer.domain.report.period import Period


class DeliveryState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    """To be sent, or to be tried again."""
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    """Given up."""


@dataclass(frozen=True, slots=True)
class WantedDelivery:
    """One revision to one destination, as a schedule says; done once.

    Attributes:
        forms: `pdf` and so on.
    """

    report_id: UUID
    number: int
    schedule: str
    destination: str
    forms: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """One that is ours to send for a while.

    Attributes:
        owner: Made anew for each try: who took too long can write nothing any more.
        attempts: 1 is the first.
    """

    delivery_id: UUID
    owner: UUID
    wanted: WantedDelivery
    attempts: int


@dataclass(frozen=True, slots=True)
class DeliveryEntry:
    """A line of the list. Times are aware.

    Attributes:
        next_try_at: Of one that waits; of one being sent, when another may have it.
        error: Of the last try that failed; without addresses and secrets.
    """

    delivery_id: UUID
    report_id: UUID
    number: int
    period: Period
    schedule: str
    destination: str
    forms: tuple[str, ...]
    language: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_try_at: datetime | None
    ended_at: datetime | None
    error: str | None
