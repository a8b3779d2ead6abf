"""What somebody without a face shows at a device, and what comes of it.

The one interface of all three ways (`way.Way`): six digits, a QR code, the national documents.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from streamer.domain.check_in import EvidenceGrade, Recorded
from streamer.domain.claim import Device
from streamer.domain.decision import Reason

ALL: Final = "all"
"""A guardian's choice: everybody on the list."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something typed, scanned or held before a camera.

    Attributes:
        text: As it came; a secret until it has been redeemed.
        national: It is said to be a code of the national digital documents.
        chosen: References of appointments, or `ALL`: what a guardian has picked from the list.
        disputed: The holder says that whoever was checked in for them was not them.
    """

    text: str = field(repr=False)
    device: Device
    national: bool = False
    chosen: tuple[str, ...] = ()
    disputed: bool = False


class Answer(StrEnum):
    """What the device says."""

    ARRIVED = "arrived"
    NOT_ARRIVED = "not_arrived"
    """The code is good and still in force; `reason` says why nobody has arrived."""
    CHOOSE = "choose"
    """It is a guardian's: `choices` lists who can arrive; the code is still in force."""
    REFUSED = "refused"
    """Not accepted: unknown, mistyped, used, replaced, expired, not for this person to take, or the
    device has to wait. Never which of these."""
    DISPUTED = "disputed"
    """The holder says that they were not here: a person is asked, and the code stays in force."""
    AWAY = "away"
    """The national service does not answer; the clinic's own codes go on."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An appointment a guardian may pick.

    Attributes:
        dependant: 0 = the guardian's own; else one number for each of their dependants.
        denied: The clinic's system says that nobody came: a person looks at it first.
    """

    appointment_ref: str
    dependant: int
    starts_at: datetime
    building: str | None
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """An appointment the claim was good for."""

    appointment_ref: str
    evidence: EvidenceGrade
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What came of a claim.

    Attributes:
        reason: Of the decision; None where nothing was decided.
        to_review: The clinic's system says that the patient did not come: a person is asked.
        code_id: Which code it was, for the log; None where it was none of ours.
        meant: Which visits the reason is about, so that they can be told when and where.
        fault: Why the national service gave no answer, for whoever looks after it.
    """

    answer: Answer
    reason: Reason | None = None
    arrivals: tuple[Arrival, ...] = ()
    choices: tuple[Choice, ...] = ()
    to_review: bool = False
    code_id: UUID | None = None
    meant: tuple[Choice, ...] = ()
    fault: str = ""
