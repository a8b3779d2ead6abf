"""Who is there early, late or unbooked: what the service keeps of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from streamer.checkin.decision import AutoArrive
from streamer.checkin.service import CheckInService, Looking, Sighting
from streamer.domain.appointment import Appointment
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.decision import Outcome, Reason, SeenFor
from streamer.domain.presence import PresenceFlag
from streamer.domain.undone import Undone
from streamer.errors import DatabaseError
from tests.fakes.clock import FakeClock
from tests.fakes.looking import looking
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
)


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


async def test_what_its_biller_made_the_face_for_waits_beside_what_arrives() -> None:
    own, other = at(0), at(5)
    marks = Undone(by_biller=frozenset({own.appointment_id}))
    waiting = replace(looking(), undone=lambda: marks)
    service, accepted, _ = service_of([own, other], waiting)
    decision = await service.decide(SEEN, Sighting("main", NOW))
    assert decision.outcome is Outcome.ARRIVE
    assert [one.appointment_id for one in accepted.check_ins] == [other.appointment_id]
    (review,) = waiting.queue.waiting()
    assert review.reason is Reason.ENROLLED_BY_BILLER
    assert review.candidates[0].appointments == (own.appointment_id,)


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
