"""One camera's stages together, with scripted faces."""

import asyncio
import gc
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from streamer.ingest.mailbox import LatestFrameMailbox
from tests.fakes.matcher import face_at
from tests.unit.lobby import ANNA, BOTA, LEFT_HALF, Lobby, gallery_of


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
