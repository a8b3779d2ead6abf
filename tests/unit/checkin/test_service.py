"""The service decides on the schedule, goes past a stale cache, and hands over once per visit."""

import asyncio
import weakref
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest

from streamer.checkin.decision import AutoArrive
from streamer.checkin.service import CheckInService, Sighting
from streamer.checkin.visits import Visits
from streamer.domain.appointment import Appointment, AppointmentStatus
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.decision import Outcome, Reason
from streamer.domain.identity import Band
from streamer.domain.review import Rejection
from streamer.errors import DatabaseError
from tests.fakes.clock import FakeClock
from tests.fakes.looking import identity, looking
from tests.unit.checkin.service_made import (
    NOW,
    PATIENT,
    POLICY,
    SEEN,
    Accepted,
    Presences,
    Schedules,
    appointment,
    made,
    propose,
)


async def test_a_check_in_carries_where_when_and_how_sure() -> None:
    visit = appointment()
    decision, accepted = await propose(Schedules([visit], []))
    (check_in,) = accepted.check_ins
    assert check_in.appointment_id == visit.appointment_id
    assert (check_in.site_id, check_in.patient_id, check_in.camera_id) == (
        "site-1",
        PATIENT,
        "lobby-1",
    )
    assert (check_in.method, check_in.evidence) == (Method.FACE, EvidenceGrade.FACE)
    assert (check_in.occurred_at, check_in.score, check_in.threshold) == (NOW, 4.8, 4.0)
    assert getattr(decision, "outcome", None) is Outcome.ARRIVE


async def test_two_open_visits_are_two_events() -> None:
    _, accepted = await propose(Schedules([appointment(), appointment()], []))
    assert len({one.event_id for one in accepted.check_ins}) == 2


async def test_a_cache_that_is_behind_is_gone_past() -> None:
    schedules = Schedules([], [appointment()])
    _, accepted = await propose(schedules)
    assert schedules.refreshed > 0
    assert len(accepted.check_ins) == 1


async def test_who_has_arrived_is_left_alone() -> None:
    arrived = appointment("arrived")
    decision, accepted = await propose(Schedules([arrived], [arrived]))
    assert getattr(decision, "reason", None) is Reason.ALREADY_ARRIVED
    assert accepted.check_ins == []


async def test_a_visit_after_midnight_is_arrived_at_before_it() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    visit = replace(
        appointment(),
        starts_at=late + timedelta(minutes=50),
        ends_at=late + timedelta(minutes=70),
    )
    accepted = Accepted()
    service = made(Schedules([visit], []), accepted)
    decision = await service.decide(SEEN, Sighting("main", late))
    assert decision.appointments == (visit.appointment_id,)


async def test_a_schedule_that_does_not_answer_is_an_error_and_no_decision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Silent:
        async def appointments_of(
            self, patient_id: UUID, now: datetime, refresh: bool = False
        ) -> Sequence[Appointment]:
            await asyncio.sleep(60)
            return []

    monkeypatch.setattr(Visits.__init__, "__defaults__", (0.01, "asked again"))
    service = made(Silent(), Accepted())
    with pytest.raises(DatabaseError, match="no answer"):
        await service.decide(SEEN, Sighting("main", NOW))


async def test_what_may_not_arrive_waits_for_a_look() -> None:
    policy = replace(POLICY, auto_arrive=AutoArrive.CALIBRATED)
    waiting, visit = looking(calibrated=False), appointment()
    decision, accepted = await propose(Schedules([visit], []), policy, waiting)
    assert getattr(decision, "reason", None) is Reason.NOT_CALIBRATED
    assert accepted.check_ins == []
    (review,) = waiting.queue.waiting()
    assert (review.captured_at, review.camera_id, review.threshold) == (NOW, "lobby-1", 4.0)
    (candidate,) = review.candidates
    assert (candidate.patient_id, candidate.score) == (PATIENT, 4.8)
    assert candidate.appointments == (visit.appointment_id,)


async def test_an_arrival_settles_the_look_that_was_waiting() -> None:
    waiting, schedules = looking(), Schedules([appointment()], [])
    service = made(schedules, Accepted(), waiting)
    await service.decide(identity((PATIENT, 3.5), band=Band.REVIEW), Sighting("main", NOW))
    assert len(waiting.queue.waiting()) == 1
    await service.decide(SEEN, Sighting("main", NOW))
    assert waiting.queue.waiting() == ()


async def test_of_several_whoever_can_still_arrive_is_looked_at() -> None:
    """One twin has arrived and is taken for both; the other's appointment is still open."""
    twin, visit = uuid4(), appointment()

    class Twins(Schedules):
        async def appointments_of(
            self, patient_id: UUID, now: datetime, refresh: bool = False
        ) -> Sequence[Appointment]:
            return (
                [replace(visit, status=AppointmentStatus.ARRIVED)]
                if patient_id == twin
                else ([visit])
            )

    waiting = looking()
    service = made(Twins([], []), Accepted(), waiting)
    seen = identity((twin, 5.0), (PATIENT, 4.9), band=Band.REVIEW)
    decision = await service.decide(seen, Sighting("main", NOW))
    assert (decision.outcome, decision.reason) == (Outcome.REVIEW, Reason.SEVERAL_CANDIDATES)
    (review,) = waiting.queue.waiting()
    assert [one.appointments for one in review.candidates] == [(), (visit.appointment_id,)]


async def test_who_was_rejected_today_arrives_by_no_face() -> None:
    waiting = looking()
    waiting.rejections.add([Rejection(PATIENT, 4.0, NOW)])
    decision, accepted = await propose(Schedules([appointment()], []), POLICY, waiting)
    assert getattr(decision, "reason", None) is Reason.REJECTED_TODAY
    assert accepted.check_ins == []
    assert len(waiting.queue.waiting()) == 1


async def test_a_surer_sighting_takes_the_place_of_one_that_waits() -> None:
    schedules, accepted, stop = Schedules([appointment()], []), Accepted(), asyncio.Event()
    service = made(schedules, accepted)
    unsure = identity((PATIENT, 3.5), band=Band.REVIEW)
    service.propose(unsure, Sighting("main", NOW))
    service.propose(SEEN, Sighting("main", NOW + timedelta(seconds=1)))
    service.propose(unsure, Sighting("main", NOW + timedelta(seconds=2)))
    stop.set()
    await asyncio.wait_for(service.run(stop), 5)
    assert [one.score for one in accepted.check_ins] == [4.8]


async def test_a_sighting_waits_while_the_database_is_away_and_keeps_its_time() -> None:
    class Away(Schedules):
        refusals = 5

        async def appointments_of(
            self, patient_id: UUID, now: datetime, refresh: bool = False
        ) -> Sequence[Appointment]:
            if self.refusals:
                self.refusals -= 1
                raise DatabaseError("database: away")
            return await super().appointments_of(patient_id, now, refresh)

    accepted, stop = Accepted(), asyncio.Event()
    service = made(Away([appointment()], []), accepted)
    task = asyncio.create_task(service.run(stop))
    service.propose(SEEN, Sighting("main", NOW))
    service.propose(SEEN, Sighting("main", NOW + timedelta(minutes=1)))
    await asyncio.wait_for(accepted.first.wait(), 5)
    stop.set()
    await asyncio.wait_for(task, 5)
    (check_in,) = accepted.check_ins
    assert check_in.occurred_at == NOW


async def test_while_the_database_is_away_no_crop_outlives_its_ten_minutes() -> None:
    class Gone(Schedules):
        asked_times = 0

        async def appointments_of(
            self, patient_id: UUID, now: datetime, refresh: bool = False
        ) -> Sequence[Appointment]:
            self.asked_times += 1
            raise DatabaseError("database: away")

    clock, stop, schedules = FakeClock(NOW), asyncio.Event(), Gone([], [])
    service = made(schedules, Accepted(), clock=clock)
    crop = np.zeros((8, 8, 3), np.uint8)
    held = weakref.ref(crop)
    service.propose(SEEN, Sighting("main", NOW, crop))
    del crop
    running = asyncio.create_task(service.run(stop))
    # The clock moves a second with each try.
    while schedules.asked_times < 599:  # noqa: ASYNC110 - tries set no event
        await asyncio.sleep(0)
    assert held() is not None
    while schedules.asked_times < 603:  # noqa: ASYNC110 - tries set no event
        await asyncio.sleep(0)
    assert held() is None
    stop.set()
    await asyncio.wait_for(running, 5)


async def test_what_waits_at_the_end_is_tried_once_more() -> None:
    accepted, stop = Accepted(), asyncio.Event()
    service = CheckInService(
        "site-1",
        Schedules([appointment()], []),
        accepted,
        Presences(),
        POLICY,
        looking(),
        FakeClock(),
    )
    service.propose(SEEN, Sighting("main", NOW))
    stop.set()
    await asyncio.wait_for(service.run(stop), 5)
    assert len(accepted.check_ins) == 1
