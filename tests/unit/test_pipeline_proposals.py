"""What the pipeline proposes, once and again, and what it keeps of people."""

import gc
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from streamer.domain.identity import Band, Identity
from tests.fakes.matcher import face_at
from tests.unit.lobby import ANNA, BOTA, Lobby, gallery_of


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
