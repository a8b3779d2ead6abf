"""That a patient was seen where no appointment could become arrived by it. It changes no status."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from streamer.domain.check_in import EvidenceGrade, Method

ONCE_IN_S: Final = 600
"""Of one patient, appointment, flag, method and camera there is one presence in ten minutes."""

_NAMESPACE: Final = UUID("c7ae5608-bf35-4665-944b-c248329282d3")


class PresenceFlag(StrEnum):
    """What kind of presence it is, with respect to its appointment."""

    EARLY = "early"
    LATE = "late"
    AGAIN = "again"
    """The appointment had been arrived at before: more evidence of the same visit."""
    UNBOOKED = "unbooked"
    """There was no appointment it belonged to."""
    OTHER_BUILDING = "other_building"
    """What they have an appointment for is in another building of the site: it is none for that."""
    CONFLICT = "conflict"
    """The appointment's status says that this patient did not come, or somewhere else."""


@dataclass(frozen=True, slots=True)
class Presence:
    """One sighting of a known, consenting patient. `presence_id` makes writing it twice harmless.

    Attributes:
        appointment_id: What it is evidence for; None where nothing fits.
        occurred_at: UTC, capture time.
        score: Similarity of the match, and the `threshold` it had to reach; None without a face.
        decided_by: Who looked and confirmed it, redeemed the code, or says so; None where nobody
            had a hand in it.
        issuer_refs: Practitioners who issued the code that it rests on: for them it is no evidence.
            Whoever enrolled the face, or recorded its consent, is added where it is written.
    """

    presence_id: UUID
    site_id: str
    patient_id: UUID
    appointment_id: UUID | None
    flag: PresenceFlag
    method: Method
    evidence: EvidenceGrade
    occurred_at: datetime
    building: str | None
    camera_id: str | None = None
    device_id: str | None = None
    score: float | None = None
    threshold: float | None = None
    pack_id: str | None = None
    decided_by: str | None = None
    issuer_refs: tuple[str, ...] = ()


def presence_id(
    patient_id: UUID,
    appointment_id: UUID | None,
    flag: PresenceFlag,
    method: Method,
    place: str,
    occurred_at: datetime,
) -> UUID:
    """Return the id of a sighting: the same for all of the same ten minutes at the same place.

    So whoever stands before a camera leaves one presence and not one a minute, whichever process
    writes it and however often.

    Args:
        patient_id: Whose.
        appointment_id: What it is evidence for; None where nothing fits.
        flag: What kind of presence.
        method: How they were recognised.
        place: Camera or device.
        occurred_at: Aware.
    """
    span = int(occurred_at.timestamp()) // ONCE_IN_S
    name = "/".join((str(patient_id), str(appointment_id), flag, method, place, str(span)))
    return uuid5(_NAMESPACE, name)
