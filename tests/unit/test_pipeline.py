"""One camera's stages together, with scripted faces."""

import asyncio
import gc
import weakref
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from matcher.face import Face
from streamer.checkin.service import Sighting
from streamer.domain.frame import Frame
from streamer.domain.identity import Band, Identity
from streamer.gallery_keeper import CurrentGallery
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.pipeline import CameraPipeline, PipelineRules
from streamer.tracking.fixed_thresholds import FixedThresholds
from streamer.tracking.voting import VoteLimits
from tests.fakes.matcher import FakeGallery, FakeMatcher, face_at

ANNA, BOTA = str(UUID(int=1)), str(UUID(int=2))
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def gallery_of(people: dict[str, int], version: int) -> CurrentGallery:
    search = FakeGallery(people) if people else None
    return CurrentGallery(version, datetime(2026, 11, 22, tzinfo=UTC), len(people), search)


class Proposals:
    def __init__(self) -> None:
        self.made: list[Identity] = []
        self.sightings: list[Sighting] = []
        self.change: datetime | None = None

    def propose(self, identity: Identity, sighting: Sighting) -> None:
        self.made.append(identity)
        self.sightings.append(sighting)

    def changes_at(self, patient_id: UUID, building: str) -> datetime | None:
        return self.change


class Counts:
    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.bands: list[Band] = []

    def searched(self, camera_id: str, gallery_size: int) -> None:
        self.sizes.append(gallery_size)

    def reached(self, camera_id: str, band: Band) -> None:
        self.bands.append(band)


class Lobby:
    """A pipeline with its fakes and a running count of frames."""

    def __init__(
        self,
        people: dict[str, int],
        *,
        lane: tuple[tuple[float, float], ...] | None = None,
        searches: bool = True,
        asks_liveness: bool = False,
    ) -> None:
        self.matcher = FakeMatcher()
        self.proposals = Proposals()
        self.counts = Counts()
        self.gallery = gallery_of(people, 1)
        self.released = 0
        self._sequence = 0
        rules = PipelineRules(
            camera_id="lobby-1",
            building="main",
            lane=lane,
            shortcoming=lambda face: "too_small" if face.quality.width_px < 48 else None,
            vote=VoteLimits(FixedThresholds(0.33, 0.05), 0.5, 3),
            best_shots=8,
            other_person=0.5,
            max_gap_s=1.0,
            searches=searches,
            asks_liveness=asks_liveness,
        )
        self.holds: list[float] = []
        self.shown: list[tuple[int, int, tuple[Face, ...]]] = []
        self.pipeline = CameraPipeline(
            rules,
            self.matcher,
            lambda: self.gallery,
            self.proposals,
            self.counts,
            self.holds.append,
            lambda frame, faces: self.shown.append((frame.sequence, self.released, tuple(faces))),
        )

    async def frame(self, *seen: tuple[Face, int]) -> tuple[Identity, ...]:
        self.matcher.show(*seen)
        return await self.pipeline.process(self.picture())

    def picture(self) -> Frame:
        self._sequence += 1
        at = 0.2 * self._sequence

        def release() -> None:
            self.released += 1

        return Frame(
            "lobby-1",
            self._sequence,
            datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=at),
            at,
            at,
            np.zeros((480, 640, 3), dtype=np.uint8),
            release,
        )


async def test_three_frames_make_an_identity_and_one_proposal() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 1})
    seen = [await lobby.frame((face_at(100.0 + 5 * step), 0)) for step in range(6)]
    assert [len(one) for one in seen] == [0, 0, 1, 1, 1, 1]
    (proposal,) = lobby.proposals.made
    assert proposal.patient_id == UUID(ANNA)
    assert proposal.frames_agreeing == 3
    assert lobby.released == 6


async def test_every_picture_is_shown_with_all_its_faces_before_it_is_let_go() -> None:
    """Those too small to compare and outside the lane, too: whoever looks must not see them."""
    lobby = Lobby({ANNA: 0}, lane=LEFT_HALF)
    faces = [face_at(100.0), face_at(500.0, width=20.0)]
    await lobby.frame(*((one, 0) for one in faces))
    await lobby.frame()
    assert lobby.shown == [(1, 0, tuple(faces)), (2, 1, ())]


async def test_a_stranger_is_nobody() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(6):
        assert await lobby.frame((face_at(100.0), 7)) == ()
    assert lobby.proposals.made == []


async def test_with_nobody_to_recognise_no_face_is_embedded() -> None:
    lobby = Lobby({})
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    assert lobby.matcher.embedded == []


async def test_desk_mode_searches_for_nobody() -> None:
    lobby = Lobby({ANNA: 0}, searches=False)
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    assert lobby.matcher.embedded == []


async def test_a_face_outside_the_lane_is_never_embedded() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 1}, lane=LEFT_HALF)
    inside, outside = face_at(100.0), face_at(500.0)
    for _ in range(5):
        await lobby.frame((inside, 0), (outside, 1))
    assert {id(face) for face in lobby.matcher.embedded} == {id(inside)}
    assert [one.patient_id for one in lobby.proposals.made] == [UUID(ANNA)]


async def test_a_poor_face_is_never_embedded() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(5):
        await lobby.frame((face_at(100.0, width=40.0), 0))
    assert lobby.matcher.embedded == []


async def test_a_full_track_is_only_rechecked() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(28):
        await lobby.frame((face_at(100.0), 0))
    # Eight best shots, then every second frame: is it still the same person?
    assert len(lobby.matcher.embedded) == 8 + 10


async def test_who_takes_anothers_place_is_recognised() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 1})
    for _ in range(12):
        await lobby.frame((face_at(100.0), 0))
    for _ in range(6):
        identities = await lobby.frame((face_at(100.0), 1))
    assert [one.patient_id for one in identities] == [UUID(BOTA)]
    assert [one.patient_id for one in lobby.proposals.made] == [UUID(ANNA), UUID(BOTA)]
    first, second = lobby.proposals.made
    assert first.track_id != second.track_id


async def test_an_identity_ends_where_no_face_can_be_compared() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(5):
        await lobby.frame((face_at(100.0), 0))
    # Somebody whose face is too small to compare stands where Anna stood; her next window opens.
    seen = [await lobby.frame((face_at(100.0, width=45.0), 1)) for _ in range(12)]
    assert (len(seen[0]), len(seen[-1])) == (1, 0)
    lobby.gallery = gallery_of({ANNA: 0}, 2)
    await lobby.frame((face_at(100.0, width=45.0), 1))
    assert len(lobby.proposals.made) == 1


async def test_one_odd_frame_changes_nothing() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 1})
    for person in (0, 0, 0, 0, 1, 0, 0, 0):
        identities = await lobby.frame((face_at(100.0), person))
    assert [one.patient_id for one in identities] == [UUID(ANNA)]
    assert len(lobby.proposals.made) == 1


async def test_two_tracks_of_one_identity_leave_the_nearer() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(4):
        identities = await lobby.frame((face_at(100.0), 0), (face_at(400.0), 0))
        assert len(identities) <= 1
    assert len(lobby.proposals.made) == 1


async def test_a_new_gallery_is_asked_about_a_standing_person() -> None:
    lobby = Lobby({BOTA: 1})
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    assert lobby.proposals.made == []
    lobby.gallery = gallery_of({ANNA: 0, BOTA: 1}, 2)
    await lobby.frame((face_at(100.0), 0))
    lobby.gallery = gallery_of({ANNA: 0, BOTA: 1}, 3)
    await lobby.frame((face_at(100.0), 0))
    assert [one.patient_id for one in lobby.proposals.made] == [UUID(ANNA), UUID(ANNA)]


async def test_a_withdrawn_patient_loses_the_identity_at_once() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    lobby.gallery = gallery_of({}, 2)
    assert await lobby.frame((face_at(100.0), 0)) == ()


async def test_a_sighting_is_not_older_than_the_gallery_it_was_found_in() -> None:
    lobby = Lobby({ANNA: 0})
    later = datetime(2026, 11, 23, 1, tzinfo=UTC)
    lobby.gallery = replace(lobby.gallery, as_of=later)
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    assert [one.captured_at for one in lobby.proposals.sightings] == [later]


async def test_who_stands_there_in_a_worse_pose_stays_known() -> None:
    """A hand before the mouth: every face still nearest to Anna, their mean no longer strictly."""
    lobby = Lobby({ANNA: 0, BOTA: 1})
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    lobby.matcher.noise = 0.45
    for step in range(40):
        identities = await lobby.frame((face_at(100.0, width=61.0 + step / 10), 0))
    assert [one.patient_id for one in identities] == [UUID(ANNA)]
    lobby.gallery = gallery_of({ANNA: 0, BOTA: 1}, 2)
    for _ in range(3):
        await lobby.frame((face_at(100.0, width=65.0), 0))
    assert len(lobby.proposals.made) == 2


async def test_another_face_in_the_frame_that_opens_a_window_proposes_nobody() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 1})
    for _ in range(8):
        await lobby.frame((face_at(100.0), 0))
    lobby.gallery = gallery_of({ANNA: 0, BOTA: 1}, 2)
    for _ in range(5):
        await lobby.frame((face_at(100.0), 1))
    assert [one.patient_id for one in lobby.proposals.made] == [UUID(ANNA), UUID(BOTA)]


async def test_nothing_is_kept_of_people_once_frames_stop_coming(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamer.pipeline._IDLE_S", 0.05)
    lobby = Lobby({ANNA: 0})
    lobby.matcher.show((face_at(100.0), 0))
    mailbox = LatestFrameMailbox()
    task = asyncio.create_task(lobby.pipeline.run(mailbox))
    picture = lobby.picture()
    gone = weakref.ref(picture.image)
    mailbox.put(picture)
    del picture
    await asyncio.sleep(0.03)
    (vector,) = lobby.matcher.vectors
    assert vector() is not None
    await asyncio.sleep(0.2)
    gc.collect()
    assert gone() is None
    assert vector() is None
    mailbox.close()
    await task


async def test_any_face_asks_the_camera_for_every_frame_and_an_empty_room_does_not() -> None:
    lobby = Lobby({ANNA: 0})
    await lobby.frame()
    assert lobby.holds == []
    await lobby.frame((face_at(100.0), 7))
    assert lobby.holds == [3.0]
    await lobby.frame()
    assert lobby.holds == [3.0]


async def test_a_match_that_is_not_sure_is_proposed_for_a_look_with_its_face() -> None:
    lobby = Lobby({ANNA: 0})
    lobby.matcher.noise = 0.36
    for _ in range(6):
        await lobby.frame((face_at(100.0), 0))
    (proposal,) = lobby.proposals.made
    assert proposal.band is Band.REVIEW
    assert proposal.score == pytest.approx(-0.36)
    assert proposal.threshold == -0.33
    (sighting,) = lobby.proposals.sightings
    assert sighting.crop is not None
    assert sighting.crop.shape == (120, 120, 3)
    assert "crop" not in repr(sighting)


async def test_a_surer_look_is_proposed_again() -> None:
    lobby = Lobby({ANNA: 0})
    lobby.matcher.noise = 0.36
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    lobby.matcher.noise = 0.0
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    assert [one.band for one in lobby.proposals.made] == [Band.REVIEW, Band.ACCEPT]


async def test_who_stays_is_proposed_once_a_minute() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(5 * 130):
        await lobby.frame((face_at(100.0), 0))
    assert len(lobby.proposals.made) == 3


async def test_who_stands_there_when_a_window_opens_is_proposed_at_once() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(50):
        await lobby.frame((face_at(100.0), 0))
    (before,) = lobby.proposals.sightings
    opens = lobby.proposals.change = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=15)
    for _ in range(50):
        await lobby.frame((face_at(100.0), 0))
    _, after = lobby.proposals.sightings
    assert before.captured_at < opens <= after.captured_at < opens + timedelta(seconds=5)


async def test_twins_are_proposed_together_and_never_accepted() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 0})
    for _ in range(5):
        await lobby.frame((face_at(100.0), 0))
    (proposal,) = lobby.proposals.made
    assert proposal.band is Band.REVIEW
    assert {str(one.patient_id) for one in proposal.candidates} == {ANNA, BOTA}


async def test_a_twin_who_is_booked_later_ends_an_accepted_identity() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(5):
        await lobby.frame((face_at(100.0), 0))
    lobby.gallery = gallery_of({ANNA: 0, BOTA: 0}, 2)
    (identity,) = await lobby.frame((face_at(100.0), 0))
    assert identity.band is Band.REVIEW


async def test_two_who_cross_keep_their_names() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 1})
    for step in range(12):
        left, right = face_at(100.0 + 30 * step), face_at(430.0 - 30 * step, y=200.0)
        identities = await lobby.frame((left, 0), (right, 1))
        assert len({one.patient_id for one in identities}) == len(identities)
    assert sorted(str(one.patient_id) for one in lobby.proposals.made) == [ANNA, BOTA]


async def test_tracks_are_counted_once_each() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 1})
    for _ in range(2):
        await lobby.frame((face_at(100.0), 0), (face_at(400.0), 7))
    assert lobby.counts.sizes == []
    for _ in range(8):
        await lobby.frame((face_at(100.0), 0), (face_at(400.0), 7))
    assert (lobby.counts.sizes, lobby.counts.bands) == ([2, 2], [Band.ACCEPT])


async def test_who_was_out_of_sight_for_seconds_is_the_same_track_and_proposed_once() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 1})
    before = [await lobby.frame((face_at(100.0), 0)) for _ in range(4)]
    for _ in range(15):
        await lobby.frame()
    after = [await lobby.frame((face_at(400.0), 0)) for _ in range(4)]
    assert after[-1][0].track_id == before[-1][0].track_id
    assert len(lobby.proposals.made) == 1


async def test_somebody_else_after_a_pause_is_a_track_of_their_own() -> None:
    lobby = Lobby({ANNA: 0, BOTA: 1})
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    for _ in range(15):
        await lobby.frame()
    for _ in range(4):
        await lobby.frame((face_at(100.0), 1))
    assert [one.patient_id for one in lobby.proposals.made] == [UUID(ANNA), UUID(BOTA)]


async def test_of_somebody_gone_nothing_is_kept_after_seconds() -> None:
    lobby = Lobby({ANNA: 0})
    for _ in range(4):
        await lobby.frame((face_at(100.0), 0))
    vectors = list(lobby.matcher.vectors)
    for _ in range(30):
        await lobby.frame()
    gc.collect()
    assert all(vector() is None for vector in vectors)


async def test_liveness_is_the_mean_over_the_shots_and_asked_only_of_faces_compared() -> None:
    lobby = Lobby({ANNA: 0}, asks_liveness=True)
    small = face_at(400.0, width=40.0)
    identities: tuple[Identity, ...] = ()
    for alive in (0.2, 0.9, 0.7):
        lobby.matcher.alive = alive
        identities = await lobby.frame((face_at(100.0), 0), (small, 5))
    assert [one.liveness for one in identities] == [pytest.approx(0.6)]
    assert len(lobby.matcher.asked_about) == len(lobby.matcher.embedded) == 3


async def test_nobody_is_asked_about_where_liveness_is_off() -> None:
    lobby = Lobby({ANNA: 0})
    lobby.matcher.alive = 0.1
    for _ in range(3):
        identities = await lobby.frame((face_at(100.0), 0))
    assert [one.liveness for one in identities] == [None]
    assert lobby.matcher.asked_about == []
