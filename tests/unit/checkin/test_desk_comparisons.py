"""What follows from a comparison at the desk."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.checkin.desk_comparisons import DeskComparisons, DeskRules
from streamer.checkin.rejections import Rejections
from streamer.domain.actor import Actor
from streamer.domain.appointment import Appointment, AppointmentStatus, Place
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.domain.comparison import Comparison, ComparisonOutcome
from streamer.domain.decision import Reason
from streamer.domain.desk_report import DeskReport
from streamer.domain.presence import Presence, PresenceFlag
from streamer.domain.review import Rejection
from streamer.domain.review_report import ArrivalReport
from streamer.domain.shown_review import ShownReview
from streamer.domain.template import Template
from streamer.domain.undone import Undone
from streamer.errors import DatabaseError, InputError
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ANNA = UUID(int=1)
RECEPTION = Actor("reception")
POLICY = ArrivalPolicy(timedelta(hours=2), timedelta(minutes=30), AutoArrive.NEVER)
MATCH = Comparison(ComparisonOutcome.MATCHED, "open-1", 4.0, 5.5, 4, NOW)
SOON = Appointment(
    UUID(int=10),
    ANNA,
    NOW + timedelta(minutes=20),
    NOW + timedelta(minutes=40),
    AppointmentStatus.BOOKED,
    Place.SITE,
    None,
)


class Camera:
    """Says what it is told to."""

    building = "main"

    def __init__(self, says: Comparison) -> None:
        self.says = says
        self.shown: list[Template] = []

    async def compare(self, template: Template, stop: asyncio.Event) -> Comparison:
        self.shown.append(template)
        return self.says


class Store:
    """One patient; remembers what it was given to write."""

    def __init__(self) -> None:
        self.check_ins: list[CheckIn] = []
        self.presences: list[Presence] = []
        self.review: ShownReview | None = None
        self.recorded = Recorded.WRITTEN
        self.writes = asyncio.Event()
        self.writes.set()
        self.writing = asyncio.Event()

    async def template(self, patient_ref: str, pack_id: str, actor: Actor) -> Template:
        if patient_ref != "P-1":
            raise InputError(f"patient {patient_ref}: is unknown")
        return Template(UUID(int=5), ANNA, pack_id, np.zeros(4, np.float32))

    async def record(
        self,
        patient_id: UUID,
        actor: Actor,
        check_ins: Sequence[CheckIn],
        presences: Sequence[Presence],
        review: ShownReview | None = None,
    ) -> tuple[tuple[ArrivalReport, ...], Sequence[Recorded]]:
        self.writing.set()
        await self.writes.wait()
        self.check_ins += check_ins
        self.presences += presences
        self.review = review
        arrivals = tuple(ArrivalReport("A-1", self.recorded) for _ in check_ins)
        return arrivals, [self.recorded for _ in presences]


class Schedules:
    """Answers past the cache only: what is cached may be minutes old."""

    def __init__(self, *appointments: Appointment) -> None:
        self.appointments = appointments
        self.answers = True

    async def appointments_of(
        self, patient_id: UUID, now: datetime, refresh: bool = False
    ) -> Sequence[Appointment]:
        if not self.answers:
            await asyncio.Event().wait()
        return self.appointments if refresh and patient_id == ANNA else ()


class Desk:
    def __init__(self, *appointments: Appointment, says: Comparison = MATCH) -> None:
        self.camera, self.store = Camera(says), Store()
        self.schedules = Schedules(*appointments)
        self.rejections = Rejections(UTC)
        self.undone = Undone()
        self.comparisons = DeskComparisons(
            DeskRules("test-1", "open-1", POLICY),
            self._find,
            self.store,
            self.schedules,
            self.rejections,
            lambda: self.undone,
            FakeClock(NOW),
        )

    def _find(self, camera_id: str) -> Camera:
        if camera_id != "desk-1":
            raise InputError(f"camera {camera_id}: unknown")
        return self.camera

    async def compare(self, patient_ref: str = "P-1", camera_id: str = "desk-1") -> DeskReport:
        return await self.comparisons.compare(patient_ref, camera_id, RECEPTION, asyncio.Event())


async def test_a_match_arrives_and_says_who_picked_the_patient() -> None:
    """On a site that is not calibrated, and where nobody arrives by face alone."""
    desk = Desk(SOON)
    report = await desk.compare()
    (check_in,) = desk.store.check_ins
    assert (check_in.method, check_in.evidence) == (Method.DESK, EvidenceGrade.FACE)
    assert (check_in.appointment_id, check_in.patient_id) == (SOON.appointment_id, ANNA)
    assert (check_in.score, check_in.threshold, check_in.pack_id) == (5.5, 4.0, "open-1")
    assert (check_in.camera_id, check_in.decided_by) == ("desk-1", "reception")
    assert check_in.occurred_at == NOW
    assert (report.outcome, report.reason) == (ComparisonOutcome.MATCHED, Reason.WINDOW_OPEN)
    assert report.arrivals == (ArrivalReport("A-1", Recorded.WRITTEN),)
    assert report.presences == ()
    assert [one.pack_id for one in desk.camera.shown] == ["open-1"]


async def test_who_has_no_appointment_leaves_a_presence() -> None:
    desk = Desk()
    report = await desk.compare()
    (presence,) = desk.store.presences
    assert (presence.flag, presence.method) == (PresenceFlag.UNBOOKED, Method.DESK)
    assert (presence.patient_id, presence.appointment_id) == (ANNA, None)
    assert (presence.building, presence.camera_id) == ("main", "desk-1")
    assert (report.presences, report.arrivals) == ((PresenceFlag.UNBOOKED,), ())


async def test_a_presence_that_was_refused_is_not_said_to_be_there() -> None:
    desk = Desk()
    desk.store.recorded = Recorded.REFUSED_CONSENT
    assert (await desk.compare()).presences == ()


@pytest.mark.parametrize(
    "outcome", [one for one in ComparisonOutcome if one is not ComparisonOutcome.MATCHED]
)
async def test_without_a_match_nothing_is_written(outcome: ComparisonOutcome) -> None:
    desk = Desk(SOON, says=replace(MATCH, outcome=outcome, captured_at=None))
    report = await desk.compare()
    assert (report.outcome, report.reason, report.arrivals) == (outcome, None, ())
    assert desk.store.check_ins == []
    assert desk.store.presences == []
    assert not desk.store.writing.is_set()


async def test_who_was_rejected_today_does_not_arrive_by_face_here_either() -> None:
    desk = Desk(SOON)
    desk.rejections.add([Rejection(ANNA, 4.5, NOW)])
    report = await desk.compare()
    assert (report.reason, report.arrivals) == (Reason.REJECTED_TODAY, ())
    assert desk.store.check_ins == []


async def test_whose_face_is_blocked_is_not_even_recorded_as_seen() -> None:
    for appointments in ((SOON,), ()):
        desk = Desk(*appointments)
        desk.undone = Undone(blocked=frozenset({(ANNA, NOW.date())}))
        report = await desk.compare()
        assert (report.reason, report.presences) == (Reason.BLOCKED_TODAY, ())
        assert desk.store.check_ins == []


async def test_another_patient_or_camera_is_not_compared() -> None:
    desk = Desk(SOON)
    for asked in (("P-2", "desk-1"), ("P-1", "lobby-1")):
        with pytest.raises(InputError):
            await desk.compare(*asked)
    assert desk.camera.shown == []


async def test_who_hangs_up_after_the_match_does_not_undo_it() -> None:
    desk = Desk(SOON)
    desk.store.writes.clear()
    task = asyncio.create_task(desk.compare())
    await desk.store.writing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    desk.store.writes.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(desk.store.check_ins) == 1


async def test_a_schedule_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streamer.checkin.desk_comparisons._READ_TIMEOUT_S", 0.01)
    desk = Desk(SOON)
    desk.schedules.answers = False
    with pytest.raises(DatabaseError, match="compare again"):
        await desk.compare()


async def test_a_noshow_seen_at_the_desk_waits_for_a_person() -> None:
    denied = replace(SOON, status=AppointmentStatus.NOSHOW)
    desk = Desk(denied)
    report = await desk.compare()
    assert (report.reason, report.presences) == (Reason.NOSHOW_SET, (PresenceFlag.CONFLICT,))
    review = desk.store.review
    assert review is not None
    assert (review.method, review.evidence) == (Method.DESK, EvidenceGrade.FACE)
    assert (review.appointments, review.reason) == ((denied.appointment_id,), Reason.NOSHOW_SET)
    assert (review.score, review.camera_id, review.shown_at) == (5.5, "desk-1", NOW)
    beside = Desk(SOON, replace(denied, appointment_id=UUID(int=11)))
    await beside.compare()
    assert len(beside.store.check_ins) == 1
    assert beside.store.review is not None
    assert beside.store.review.appointments == (UUID(int=11),)
    alone = Desk(SOON)
    await alone.compare()
    assert alone.store.review is None
