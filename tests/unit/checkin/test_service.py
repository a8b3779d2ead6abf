"""The service decides on the schedule, goes past a stale cache, and hands over once per visit."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from streamer.checkin.decision import ArrivalPolicy
from streamer.checkin.service import CheckInService, Sighting
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method
from streamer.domain.decision import Outcome, Reason
from streamer.domain.identity import Identity
from streamer.errors import DatabaseError
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
POLICY = ArrivalPolicy(timedelta(minutes=120), timedelta(minutes=30), auto_arrive=True)
PATIENT = uuid4()
SEEN = Identity(3, "lobby-1", PATIENT, 0.8, 0.67, 0.4, 5, "open-1")


def appointment(status: str = "booked") -> Appointment:
    return Appointment(
        uuid4(),
        PATIENT,
        NOW,
        NOW + timedelta(minutes=20),
        AppointmentStatus(status),
        Place.SITE,
        None,
    )


class Schedules:
    def __init__(self, cached: list[Appointment], stored: list[Appointment]) -> None:
        self.cached, self.stored = cached, stored
        self.refreshed = 0
        self.asked: list[datetime] = []

    async def appointments_of(
        self, patient_id: UUID, now: datetime, refresh: bool = False
    ) -> Sequence[Appointment]:
        assert patient_id == PATIENT
        self.asked.append(now)
        self.refreshed += refresh
        return [
            one
            for one in (self.stored if refresh else self.cached)
            if one.starts_at.date() == now.date()
        ]


class Accepted:
    def __init__(self) -> None:
        self.check_ins: list[CheckIn] = []
        self.first = asyncio.Event()

    async def accept(self, check_in: CheckIn) -> bool:
        self.check_ins.append(check_in)
        self.first.set()
        return True


async def propose(schedules: Schedules, policy: ArrivalPolicy = POLICY) -> tuple[object, Accepted]:
    accepted = Accepted()
    service = CheckInService("site-1", schedules, accepted, policy, FakeClock())
    return await service.decide(SEEN, Sighting("main", NOW)), accepted


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
    assert (check_in.occurred_at, check_in.score, check_in.threshold) == (NOW, 0.8, 0.67)
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
    service = CheckInService("site-1", Schedules([visit], []), accepted, POLICY, FakeClock())
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

    monkeypatch.setattr("streamer.checkin.service._READ_TIMEOUT_S", 0.01)
    service = CheckInService("site-1", Silent(), Accepted(), POLICY, FakeClock())
    with pytest.raises(DatabaseError, match="no answer"):
        await service.decide(SEEN, Sighting("main", NOW))


async def test_without_auto_arrive_nothing_is_handed_over() -> None:
    policy = ArrivalPolicy(timedelta(minutes=120), timedelta(minutes=30), auto_arrive=False)
    decision, accepted = await propose(Schedules([appointment()], []), policy)
    assert getattr(decision, "outcome", None) is Outcome.REVIEW
    assert accepted.check_ins == []


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
    service = CheckInService("site-1", Away([appointment()], []), accepted, POLICY, FakeClock())
    task = asyncio.create_task(service.run(stop))
    service.propose(SEEN, Sighting("main", NOW))
    service.propose(SEEN, Sighting("main", NOW + timedelta(minutes=1)))
    await asyncio.wait_for(accepted.first.wait(), 5)
    stop.set()
    await asyncio.wait_for(task, 5)
    (check_in,) = accepted.check_ins
    assert check_in.occurred_at == NOW


async def test_what_waits_at_the_end_is_tried_once_more() -> None:
    accepted, stop = Accepted(), asyncio.Event()
    service = CheckInService(
        "site-1", Schedules([appointment()], []), accepted, POLICY, FakeClock()
    )
    service.propose(SEEN, Sighting("main", NOW))
    stop.set()
    await asyncio.wait_for(service.run(stop), 5)
    assert len(accepted.check_ins) == 1
