"""What decisions need of those who look at matches, for tests of something else."""

from datetime import UTC
from uuid import UUID

from streamer.checkin.rejections import Rejections
from streamer.checkin.review_queue import ReviewQueue
from streamer.checkin.service import Looking
from streamer.domain.identity import Band, Candidate, Identity


def looking(*, calibrated: bool = True) -> Looking:
    """An empty queue, nobody rejected."""
    return Looking(ReviewQueue(), Rejections(UTC), lambda: calibrated)


def identity(
    *candidates: tuple[UUID, float],
    band: Band = Band.ACCEPT,
    camera_id: str = "lobby-1",
    track_id: int = 3,
) -> Identity:
    """An identity of these people, the likeliest first; 4 had to be reached."""
    people = tuple(Candidate(*one) for one in candidates)
    margin = people[0].score - people[1].score if len(people) > 1 else float("inf")
    lead = people[0]
    return Identity(
        track_id, camera_id, lead.patient_id, lead.score, 4.0, margin, 5, "open-1", band, people
    )
