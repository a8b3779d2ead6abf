"""The service decides on the schedule, goes past a stale cache, and hands over once per visit."""

import asyncio
import weakref
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest

from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.checkin.service import CheckInService, Looking, Sighting
from streamer.checkin.visits import ScheduleReader, Visits
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.decision import Outcome, Reason, SeenFor
from streamer.domain.identity import Band
from streamer.domain.presence import Presence, PresenceFlag
from streamer.domain.review import Rejection
from streamer.domain.undone import Undone
from streamer.errors import DatabaseError
from tests.fakes.clock import FakeClock
from tests.fakes.looking import identity, looking

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
POLICY = ArrivalPolicy(timedelta(minutes=120), timedelta(minutes=30), AutoArrive.ALWAYS)
PATIENT = uuid4()
SEEN = identity((PATIENT, 4.8))


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


class Presences:
    """Keeps what is recorded, once each."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Presence] = {}
        self.away = False

    async def record(self, presence: Presence) -> Recorded:
        if self.away:
            raise DatabaseError("database: away")
        if self.kept.setdefault(presence.presence_id, presence) is presence:
            return Recorded.WRITTEN
        return Recorded.DUPLICATE


class Accepted:
    def __init__(self) -> None:
        self.check_ins: list[CheckIn] = []
        self.first = asyncio.Event()

    async def accept(self, check_in: CheckIn) -> bool:
        self.check_ins.append(check_in)
        self.first.set()
        return True


def made(
    schedules: ScheduleReader,
    accepted: Accepted,
    waiting: Looking | None = None,
    clock: FakeClock | None = None,
    policy: ArrivalPolicy = POLICY,
) -> CheckInService:
    return CheckInService(
        "site-1",
        schedules,
        accepted,
        Presences(),
        policy,
        waiting or looking(),
        clock or FakeClock(),
    )


async def propose(
    schedules: Schedules, policy: ArrivalPolicy = POLICY, waiting: Looking | None = None
) -> tuple[object, Accepted]:
    accepted = Accepted()
    service = made(schedules, accepted, waiting, policy=policy)
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


def service_of(
    appointments: list[Appointment], waiting: Looking | None = None
) -> tuple[CheckInService, Accepted, Presences]:
    accepted, presences = Accepted(), Presences()
    schedules = Schedules(appointments, appointments)
    return (
        CheckInService(
            "site-1", schedules, accepted, presences, POLICY, waiting or looking(), FakeClock()
        ),
        accepted,
        presences,
    )


def at(minutes: float, status: str = "booked") -> Appointment:
    starts = NOW + timedelta(minutes=minutes)
    ends = starts + timedelta(minutes=20)
    return replace(appointment(status), starts_at=starts, ends_at=ends)


async def test_who_comes_early_leaves_one_presence_in_ten_minutes() -> None:
    visit = at(180)
    service, accepted, presences = service_of([visit])
    for second in (0, 60, 300):
        seen_at = NOW + timedelta(seconds=second)
        decision = await service.decide(SEEN, Sighting("main", seen_at))
        assert decision.reason is Reason.EARLY
    (presence,) = presences.kept.values()
    assert (presence.flag, presence.appointment_id) == (PresenceFlag.EARLY, visit.appointment_id)
    assert (presence.method, presence.evidence) == (Method.FACE, EvidenceGrade.FACE)
    assert (presence.occurred_at, presence.building, presence.camera_id) == (NOW, "main", "lobby-1")
    assert (presence.score, presence.threshold, presence.pack_id) == (4.8, 4.0, "open-1")
    assert accepted.check_ins == []


async def test_a_presence_waits_for_the_database_and_an_arrival_does_not() -> None:
    service, _, presences = service_of([at(180)])
    presences.away = True
    with pytest.raises(DatabaseError):
        await service.decide(SEEN, Sighting("main", NOW))
    service, accepted, presences = service_of([at(0), at(-60)])
    presences.away = True
    decision = await service.decide(SEEN, Sighting("main", NOW))
    assert [one.flag for one in decision.presences] == [PresenceFlag.LATE]
    assert len(accepted.check_ins) == 1


async def test_a_noshow_waits_for_a_look_with_its_presence() -> None:
    waiting, denied = looking(), at(-20, "noshow")
    service, accepted, presences = service_of([denied], waiting)
    await service.decide(SEEN, Sighting("main", NOW))
    (review,) = waiting.queue.waiting()
    assert review.reason is Reason.NOSHOW_SET
    assert review.candidates[0].appointments == (denied.appointment_id,)
    assert [one.flag for one in presences.kept.values()] == [PresenceFlag.CONFLICT]
    assert accepted.check_ins == []


async def test_a_noshow_beside_an_arrival_waits_for_a_look_too() -> None:
    waiting, denied, visit = looking(), at(-40, "noshow"), at(20)
    service, accepted, _ = service_of([denied, visit], waiting)
    await service.decide(SEEN, Sighting("main", NOW))
    assert [one.appointment_id for one in accepted.check_ins] == [visit.appointment_id]
    (review,) = waiting.queue.waiting()
    assert review.reason is Reason.NOSHOW_SET
    assert review.candidates[0].appointments == (denied.appointment_id,)


async def test_a_blocked_face_leaves_nothing() -> None:
    undone = Undone(blocked=frozenset({(PATIENT, NOW.date())}))
    waiting = replace(looking(), undone=lambda: undone)
    service, accepted, presences = service_of([at(0), at(180)], waiting)
    decision = await service.decide(SEEN, Sighting("main", NOW))
    assert (decision.outcome, decision.reason) == (Outcome.IGNORE, Reason.BLOCKED_TODAY)
    assert (accepted.check_ins, presences.kept, waiting.queue.waiting()) == ([], {}, ())
    # Yesterday's block is over.
    later = Undone(blocked=frozenset({(PATIENT, NOW.date() - timedelta(days=1))}))
    service, accepted, _ = service_of([at(0)], replace(looking(), undone=lambda: later))
    await service.decide(SEEN, Sighting("main", NOW))
    assert len(accepted.check_ins) == 1


async def test_what_was_undone_waits_for_a_look() -> None:
    visit = at(0)
    undone = Undone(frozenset({visit.appointment_id}))
    waiting = replace(looking(), undone=lambda: undone)
    service, accepted, _ = service_of([visit], waiting)
    decision = await service.decide(SEEN, Sighting("main", NOW))
    assert (decision.outcome, decision.reason) == (Outcome.REVIEW, Reason.UNDONE_TODAY)
    assert accepted.check_ins == []
    assert len(waiting.queue.waiting()) == 1


async def test_where_a_person_has_to_look_nothing_is_kept_before_they_have() -> None:
    policy, waiting, visit = replace(POLICY, auto_arrive=AutoArrive.NEVER), looking(), at(180)
    accepted, presences = Accepted(), Presences()
    schedules = Schedules([], [visit])
    service = CheckInService("site-1", schedules, accepted, presences, policy, waiting, FakeClock())
    for second in (0, 60):
        await service.decide(SEEN, Sighting("main", NOW + timedelta(seconds=second)))
    (review,) = waiting.queue.waiting()
    assert review.reason is Reason.AUTO_ARRIVE_OFF
    (candidate,) = review.candidates
    assert candidate.appointments == ()
    assert candidate.seen == (SeenFor(PresenceFlag.EARLY, visit.appointment_id),)
    assert accepted.check_ins == []
    assert presences.kept == {}


async def test_it_is_known_when_whoever_stands_there_is_to_be_decided_about_anew() -> None:
    visit = at(121)
    service, accepted, _ = service_of([visit])
    assert service.changes_at(PATIENT, "main") is None
    await service.decide(SEEN, Sighting("main", NOW))
    opens = NOW + timedelta(minutes=1)
    assert service.changes_at(PATIENT, "main") == opens
    assert service.changes_at(PATIENT, "annex") is None
    await service.decide(SEEN, Sighting("main", opens))
    assert len(accepted.check_ins) == 1


async def test_who_has_gone_is_not_remembered_for_ever() -> None:
    clock, stop = FakeClock(NOW), asyncio.Event()
    service = made(Schedules([], [at(121)]), Accepted(), clock=clock)
    await service.decide(SEEN, Sighting("main", NOW))
    clock.advance(2 * 3600)
    stop.set()
    await service.run(stop)
    assert service.changes_at(PATIENT, "main") is None
