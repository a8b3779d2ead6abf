"""What is told of a picture's tracks: boxes in fractions, and who has arrived alone by id."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import numpy as np
import pytest

from streamer.domain.followed import TrackState
from streamer.domain.frame import Frame
from streamer.domain.identity import Band, Candidate, Identity
from streamer.domain.track import Track
from streamer.tracking.followed import followed_frame
from tests.fakes.matcher import face_at

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ALIA = uuid4()


def frame() -> Frame:
    return Frame("lobby", 0, NOW, 1.0, None, np.zeros((100, 200, 3), dtype=np.uint8))


def track(number: int, x: float = 20.0) -> Track:
    return Track(number, "lobby", face_at(x, 10.0, width=40.0), 3, 0.0, 1.0)


def identity(number: int, band: Band) -> Identity:
    return Identity(number, "lobby", ALIA, 5.0, 4.0, 1.0, 3, "pack", band, (Candidate(ALIA, 5.0),))


def test_boxes_are_fractions_within_the_picture() -> None:
    made = followed_frame(frame(), [track(1), track(2, -30.0)], (), (), lambda _: None)
    assert made.captured_at == NOW
    assert [one.box for one in made.faces] == [(0.1, 0.1, 0.3, 0.5), (0.0, 0.1, 0.05, 0.5)]


@pytest.mark.parametrize(
    ("band", "compared", "standing", "state", "patient"),
    [
        (None, False, None, TrackState.SEEN, None),
        (None, True, None, TrackState.UNKNOWN, None),
        (Band.REVIEW, True, TrackState.ARRIVED, TrackState.REVIEW, None),
        (Band.ACCEPT, True, None, TrackState.RECOGNISED, None),
        (Band.ACCEPT, True, TrackState.REVIEW, TrackState.REVIEW, None),
        (Band.ACCEPT, True, TrackState.ARRIVED, TrackState.ARRIVED, ALIA),
    ],
)
def test_states(
    band: Band | None,
    compared: bool,
    standing: TrackState | None,
    state: TrackState,
    patient: UUID | None,
) -> None:
    identities = [] if band is None else [identity(1, band)]
    made = followed_frame(
        frame(), [track(1)], {1} if compared else set(), identities, lambda _: standing
    )
    (face,) = made.faces
    assert (face.state, face.patient_id) == (state, patient)
