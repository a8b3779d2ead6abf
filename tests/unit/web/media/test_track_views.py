"""Who is told what of the boxes: states and names beside the clear picture only, all on record."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from config.settings import Live
from streamer.cameras.latest_tap import Latest, LatestTap
from streamer.domain.audit_event import AuditEvent
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.followed import FollowedFace, FollowedFrame, TrackState
from streamer.domain.sight import Sight
from streamer.errors import DatabaseError, KirdiError
from streamer.web.media.track_views import TrackViews
from streamer.web.media.view import View
from streamer.web.models.tracks import TracksShown
from streamer.web.problem import Problem
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ALIA, BOX = uuid4(), (0.1, 0.2, 0.3, 0.4)
SIGHT = Sight("aigul")


class House:
    """One camera, one patient, and an audit that can be away."""

    def __init__(self, **limits: int) -> None:
        self.tap: LatestTap[FollowedFrame] = LatestTap(8)
        self.events: list[AuditEvent] = []
        self.asked: list[UUID] = []
        self.away = False
        self.views = TrackViews(Live(**limits), self, self, self, FakeClock(NOW))

    def state(self, camera_id: str) -> CameraState | None:
        return CameraState(camera_id, CameraStatus.STREAMING, "", NOW) if camera_id == "a" else None

    def tracks(self, camera_id: str) -> Latest[FollowedFrame]:
        return self.tap.subscribe()

    async def name(self, sight: Sight, patient_id: UUID) -> str | None:
        self.asked.append(patient_id)
        if self.away:
            raise DatabaseError("away")
        return "Әлия"

    async def record(self, events: Sequence[AuditEvent]) -> None:
        if self.away:
            raise DatabaseError("away")
        self.events += events

    async def open(self, view: View = View.CLEAR, *, named: bool = False) -> Any:
        return await self.views.open(SIGHT, "a", view, named=named)

    async def next(self, events: Any, state: TrackState = TrackState.ARRIVED) -> TracksShown:
        """What comes of one picture."""
        coming = asyncio.ensure_future(anext(events))
        for _ in range(3):
            await asyncio.sleep(0)
        patient = ALIA if state is TrackState.ARRIVED else None
        self.tap.put(FollowedFrame(NOW, (FollowedFace(7, BOX, state, patient),)))
        shown: TracksShown = await coming
        return shown


async def test_the_blurred_picture_has_boxes_and_nothing_else() -> None:
    house = House()
    async with aclosing(await house.open(View.BLURRED, named=True)) as events:
        (face,) = (await house.next(events)).faces
    assert (face.track, face.box, face.state, face.name) == (7, BOX, None, None)
    assert house.asked == []


async def test_names_are_told_once_they_are_asked_for_and_read_once() -> None:
    house = House()
    async with aclosing(await house.open()) as events:
        (face,) = (await house.next(events)).faces
        assert (face.state, face.name) == (TrackState.ARRIVED, None)
    async with aclosing(await house.open(named=True)) as events:
        for _ in range(2):
            (face,) = (await house.next(events)).faces
            assert face.name == "Әлия"
        (face,) = (await house.next(events, TrackState.UNKNOWN)).faces
        assert face.name is None
    assert house.asked == [ALIA]


async def test_a_name_that_cannot_be_put_on_record_is_not_told() -> None:
    house = House()
    async with aclosing(await house.open(named=True)) as events:
        house.away = True
        (face,) = (await house.next(events)).faces
        assert face.name is None
        house.away = False
        (face,) = (await house.next(events)).faces
        assert face.name == "Әлия"


async def test_every_look_is_on_record_or_there_is_none() -> None:
    house = House()
    async with aclosing(await house.open(named=True)) as events:
        await house.next(events)
    await asyncio.sleep(0.01)
    assert [one.reason for one in house.events] == ["opened", "closed"]
    assert ("named", True) in house.events[0].detail
    house.away = True
    with pytest.raises(DatabaseError):
        await house.open()


async def test_nobody_looks_at_what_is_not_there_nor_more_than_may() -> None:
    house = House(viewers_per_account=1)
    with pytest.raises(Problem) as refused:
        await house.views.open(SIGHT, "b", View.BLURRED, named=False)
    assert refused.value.status == 404
    async with aclosing(await house.open()) as events:
        await house.next(events)
        with pytest.raises(Problem) as refused:
            await house.open()
        assert (refused.value.status, refused.value.kind) == (503, "viewers")
    async with aclosing(await house.open()) as events:
        await house.next(events)


async def test_nothing_is_asked_of_the_pipeline_while_nobody_looks() -> None:
    house = House()
    async with aclosing(await house.open()) as events:
        await house.next(events)
        looked_at = house.tap.wanted
    assert (looked_at, house.tap.wanted) == (True, False)
    house.tap.close()
    with pytest.raises(KirdiError):
        house.tap.subscribe()
