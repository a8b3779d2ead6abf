"""Conflicts shown by a code, at the desk or by hand: they wait in the database for a person."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from uuid import UUID, uuid4

import pytest

from streamer.checkin.codes.claim import Answer
from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_desk import ReviewDesk
from streamer.checkin.review_queue import ReviewQueue
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus as Status
from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.code import CodeKind
from streamer.domain.decision import Reason, SeenFor
from streamer.domain.identity import Band
from streamer.domain.person import Person
from streamer.domain.presence import Presence, PresenceFlag
from streamer.domain.review import LIFETIME, Review, ReviewCandidate
from streamer.domain.review_report import ReviewReport
from streamer.domain.shown_review import ShownReview
from streamer.errors import InputError
from streamer.storage.desk import PostgresDesk
from tests.integration.storage.clinic import (
    NOW,
    PRESENCE,
    SITE,
    WINDOW,
    ZONE,
    Clinic,
    booking,
    moved,
)
from tests.integration.storage.counter import (
    ASEL,
    DESK,
    DINA,
    DOCTOR,
    KIOSK,
    TABLET,
    Counter,
)

AIGUL = Actor("aigul")
NOSHOW = {"status": Status.NOSHOW}


class Reviewing:
    """The desk of a service that has just started, over the same database."""

    def __init__(self, clinic: Clinic) -> None:
        self.queue = ReviewQueue(ZONE)
        self.desk = ReviewDesk(
            SITE.id,
            self.queue,
            Rejections(UTC),
            clinic.reviews(),
            clinic.waiting_reviews(),
            ArrivalPolicy(*WINDOW, AutoArrive.NEVER, presence=PRESENCE),
            clinic.clock,
        )

    async def only(self) -> ReviewReport:
        (report,) = await self.desk.reports()
        return report

    async def decided(self, *, confirm: bool, by: Actor = AIGUL) -> list[Recorded]:
        key = (await self.only()).review_id
        if not confirm:
            await self.desk.reject(key, by)
            return []
        return [one.recorded for one in (await self.desk.confirm(key, "", by)).arrivals]


@pytest.fixture
def counter(clinic: Clinic) -> Counter:
    return Counter(clinic)


@pytest.fixture
def reviewing(clinic: Clinic) -> Reviewing:
    return Reviewing(clinic)


async def say(clinic: Clinic, number: int, status: Status) -> None:
    """What the clinic's system says of an appointment from now on."""
    await clinic.import_bookings(replace(booking(number), status=status))


async def flags(clinic: Clinic) -> list[tuple[str, str, str]]:
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch("SELECT method, evidence, flag FROM presences ORDER BY flag")
    return [tuple(row) for row in rows]


async def test_a_code_of_who_is_said_not_to_have_come_waits_for_a_person(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1, **NOSHOW)
    issued = await counter.issue(1)
    for _ in range(3):
        redeemed = await counter.redeem(issued.secret)
        assert (redeemed.answer, redeemed.reason) == (Answer.NOT_ARRIVED, Reason.NOSHOW_SET)
        assert redeemed.to_review
    report = await reviewing.only()
    assert (report.method, report.evidence) == (Method.CODE, EvidenceGrade.DESK_CODE)
    assert (report.device_id, report.building, report.camera_id) == ("desk-1", "main", None)
    assert (report.reason, report.captured_at) == (Reason.NOSHOW_SET, NOW)
    (candidate,) = report.candidates
    assert (candidate.patient_ref, candidate.score) == ("P-1", None)
    assert [one.appointment_ref for one in candidate.appointments] == ["A-1"]
    assert await flags(counter.clinic) == [("code", "desk_code", "conflict")]


@pytest.mark.parametrize("way", ["qr", "egov"])
async def test_every_way_opens_one_with_its_method_and_grade(
    counter: Counter, reviewing: Reviewing, way: str
) -> None:
    await counter.family()
    await counter.clinic.import_bookings(replace(booking(1), status=Status.NOSHOW))
    if way == "qr":
        issued = await counter.issue(1, kind=CodeKind.QR)
        await counter.redeem(issued.secret, device=KIOSK, by=[])
    else:
        counter.service.people["egov:1"] = Person("iin", "900101300017")
        await counter.redeem("egov:1", device=KIOSK, by=[], national=True)
    report = await reviewing.only()
    assert (report.method.value, report.evidence.value) == (
        (way, "desk_code") if way == "qr" else (way, "egov")
    )
    assert (report.camera_id, report.device_id) == ("kiosk-1", "kiosk-1")


async def test_a_conflict_beside_an_arrival_waits_too(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1, **NOSHOW)
    await counter.clinic.import_bookings(moved(booking(2, 1), 0.5))
    redeemed = await counter.redeem((await counter.issue(1)).secret)
    assert (redeemed.answer, redeemed.to_review) == (Answer.ARRIVED, True)
    (candidate,) = (await reviewing.only()).candidates
    assert [one.appointment_ref for one in candidate.appointments] == ["A-1"]


async def test_a_guardian_says_whether_the_child_is_here(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.family()
    await counter.clinic.import_bookings(replace(booking(2), status=Status.NOSHOW))
    issued = await counter.issue(1)
    listed = await counter.redeem(issued.secret)
    assert listed.answer is Answer.CHOOSE
    assert [(one.appointment_ref, one.denied) for one in listed.choices] == [("A-2", True)]
    assert await reviewing.desk.reports() == ()
    redeemed = await counter.redeem(issued.secret, "A-2")
    assert (redeemed.reason, redeemed.to_review) == (Reason.NOSHOW_SET, True)
    report = await reviewing.only()
    assert report.evidence is EvidenceGrade.GUARDIAN
    assert report.candidates[0].patient_ref == "P-2"
    assert await flags(counter.clinic) == [("code", "guardian", "conflict")]


async def test_a_sister_who_did_not_come_holds_up_nobody_at_a_kiosk(counter: Counter) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(2), replace(booking(3), status=Status.NOSHOW))
    issued = await counter.issue(1, kind=CodeKind.QR)
    redeemed = await counter.redeem(issued.secret, device=KIOSK, by=[])
    assert [one.appointment_ref for one in redeemed.arrivals] == ["A-2"]
    assert not redeemed.to_review


async def test_kirdi_does_not_write_over_a_noshow_whoever_confirms(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1, **NOSHOW)
    issued = await counter.issue(1)
    await counter.redeem(issued.secret)
    assert await reviewing.decided(confirm=True) == [Recorded.REFUSED_STATUS]
    assert await counter.statuses() == {"A-1": "noshow"}
    row = await counter.clinic.row(
        "SELECT decision, method, evidence, device_id, band FROM reviews"
    )
    assert row == ("confirmed", "code", "desk_code", "desk-1", None)
    assert await counter.clinic.count("waiting_reviews") == 0
    # It isn't shown again today, and the code is as good as it was.
    await counter.redeem(issued.secret)
    assert await reviewing.desk.reports() == ()
    await say(counter.clinic, 1, Status.BOOKED)


async def test_what_the_clinic_has_corrected_is_arrived_at_once_and_uses_the_code_up(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1, **NOSHOW)
    issued = await counter.issue(1)
    await counter.redeem(issued.secret)
    await counter.clinic.execute("UPDATE appointments SET status = 'booked'")
    counter.clinic.clock.advance(120)
    assert await reviewing.decided(confirm=True) == [Recorded.WRITTEN]
    (row,) = await counter.clinic.listed_check_ins()
    assert (row.method, row.evidence, row.decided_by, row.device_id) == (
        "code",
        "desk_code",
        "aigul",
        "desk-1",
    )
    assert row.occurred_at == NOW, "as of when the code was shown"
    assert (await counter.redeem(issued.secret)).answer is Answer.REFUSED


async def test_whoever_issued_the_code_does_not_confirm_it(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1, **NOSHOW)
    await counter.redeem((await counter.issue(1, by=ASEL)).secret)
    with pytest.raises(InputError, match="somebody else has to confirm it"):
        await reviewing.decided(confirm=True, by=ASEL)
    assert await counter.clinic.count("reviews") == 0
    assert await reviewing.decided(confirm=True, by=DINA) == [Recorded.REFUSED_STATUS]


@pytest.mark.parametrize("confirm", [True, False])
async def test_whoever_bills_the_patient_decides_nothing(
    counter: Counter, reviewing: Reviewing, confirm: bool
) -> None:
    await counter.expect(1, **NOSHOW)
    await counter.redeem((await counter.issue(1)).secret)
    with pytest.raises(InputError, match="practitioner D-1"):
        await reviewing.decided(confirm=confirm, by=DOCTOR)
    assert await counter.clinic.count("reviews") == 0
    assert await counter.clinic.count("waiting_reviews") == 1


async def test_what_was_rejected_does_not_come_again_the_same_way_that_day(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1, **NOSHOW)
    issued = await counter.issue(1)
    await counter.redeem(issued.secret)
    await reviewing.decided(confirm=False)
    await counter.redeem(issued.secret)
    assert await reviewing.desk.reports() == ()
    # Shown otherwise it is other evidence.
    await counter.redeem((await counter.issue(1, kind=CodeKind.QR)).secret)
    assert (await reviewing.only()).method is Method.QR
    assert await counter.clinic.count("reviews") == 1


async def test_a_confirmation_settles_it_however_it_was_shown(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1)
    digits = await counter.issue(1)
    code = await counter.issue(appointment="A-1", kind=CodeKind.QR)
    await say(counter.clinic, 1, Status.NOSHOW)
    await counter.redeem(digits.secret)
    await counter.redeem(code.secret, device=TABLET)
    first, second = await reviewing.desk.reports()
    assert {first.method, second.method} == {Method.CODE, Method.QR}
    await reviewing.desk.confirm(first.review_id, "", AIGUL)
    assert await reviewing.desk.reports() == ()
    assert await counter.clinic.waiting_reviews().told(NOW) == [
        (await counter.clinic.ids(1))[0],
    ]


async def test_it_expires_and_another_showing_opens_another(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1, **NOSHOW)
    issued = await counter.issue(1)
    await counter.redeem(issued.secret)
    first = (await reviewing.only()).review_id
    counter.clinic.clock.advance(LIFETIME.total_seconds())
    assert await reviewing.desk.reports() == ()
    with pytest.raises(InputError, match="none waits"):
        await reviewing.desk.confirm(first, "", AIGUL)
    stop = asyncio.Event()
    stop.set()
    await reviewing.desk.run(stop)
    row = await counter.clinic.row("SELECT decision, decided_by, decided_at FROM reviews")
    assert row == ("expired", "kirdi", NOW + LIFETIME)
    await counter.redeem(issued.secret)
    assert (await reviewing.only()).review_id != first


async def test_one_that_nobody_could_note_as_over_does_not_hide_the_next(
    counter: Counter, reviewing: Reviewing
) -> None:
    """No service ran for an hour; the patient shows the code again as it starts."""
    await counter.expect(1, **NOSHOW)
    issued = await counter.issue(1)
    await counter.redeem(issued.secret)
    counter.clinic.clock.advance(3600)
    await counter.redeem(issued.secret)
    report = await reviewing.only()
    assert report.opened_at == report.captured_at == NOW + timedelta(hours=1)


async def test_a_noshow_that_is_corrected_goes_away(counter: Counter, reviewing: Reviewing) -> None:
    await counter.expect(1, **NOSHOW)
    await counter.redeem((await counter.issue(1)).secret)
    await counter.clinic.execute("UPDATE appointments SET status = 'fulfilled'")
    assert await reviewing.desk.reports() == ()
    assert await counter.clinic.count("waiting_reviews") == 0


async def test_many_devices_at_once_open_one(counter: Counter, reviewing: Reviewing) -> None:
    await counter.expect(1)
    secrets = [(await counter.issue(1)).secret]
    secrets.append((await counter.issue(appointment="A-1")).secret)
    await say(counter.clinic, 1, Status.NOSHOW)
    devices = [DESK, TABLET]
    await asyncio.gather(
        *(
            counter.redeem(secret, device=device)
            for secret in secrets
            for device in devices
            for _ in range(4)
        )
    )
    await reviewing.only()
    assert await counter.clinic.count("waiting_reviews") == 1


async def test_confirming_while_the_code_is_shown_again_waits_for_nobody(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1, **NOSHOW)
    issued = await counter.issue(1)
    await counter.redeem(issued.secret)
    await counter.clinic.execute("UPDATE appointments SET status = 'booked'")
    key = (await reviewing.only()).review_id
    async with asyncio.timeout(10):
        confirmed, shown = await asyncio.gather(
            reviewing.desk.confirm(key, "", AIGUL),
            asyncio.gather(*(counter.redeem(issued.secret) for _ in range(5))),
        )
    assert await counter.clinic.count("check_ins") == 1
    written = [one.recorded is Recorded.WRITTEN for one in confirmed.arrivals]
    assert sum(written) + sum(one.answer is Answer.ARRIVED for one in shown) == 1


async def test_by_hand_it_waits_for_somebody_else(clinic: Clinic, reviewing: Reviewing) -> None:
    await clinic.expect(1)
    await say(clinic, 1, Status.NOSHOW)
    for _ in range(2):
        with pytest.raises(InputError, match="somebody else is asked"):
            await clinic.by_hand().add("A-1", DINA, "showed a passport")
    report = await reviewing.only()
    assert (report.method, report.evidence) == (Method.MANUAL, EvidenceGrade.MANUAL)
    assert await flags(clinic) == [("manual", "manual", "conflict")]
    with pytest.raises(InputError, match="somebody else has to confirm"):
        await reviewing.decided(confirm=True, by=DINA)
    await clinic.execute("UPDATE appointments SET status = 'booked'")
    assert await reviewing.decided(confirm=True) == [Recorded.WRITTEN]
    (row,) = await clinic.listed_check_ins()
    assert (row.method, row.decided_by, row.note) == ("manual", "aigul", "showed a passport")


async def test_by_hand_nothing_is_kept_of_a_day_long_over(
    clinic: Clinic, reviewing: Reviewing
) -> None:
    await clinic.expect(1)
    await clinic.import_bookings(moved(replace(booking(1), status=Status.NOSHOW), 30))
    with pytest.raises(InputError, match="is noshow; only what is booked"):
        await clinic.by_hand().add("A-1", DINA, "came a day early")
    assert await reviewing.desk.reports() == ()
    assert await clinic.count("presences") == 0


def desk_of(clinic: Clinic) -> PostgresDesk:
    base = clinic.database
    return PostgresDesk(
        base.postgres,
        base.vault,
        clinic.check_ins(),
        clinic.presences(),
        clinic.waiting_reviews(),
        SITE.id,
        clinic.clock,
    )


@pytest.mark.parametrize("counts", [True, False])
async def test_at_the_desk_it_waits_while_the_face_counts(
    clinic: Clinic, reviewing: Reviewing, counts: bool
) -> None:
    appointment_id, patient_id = await clinic.expect(1)
    await say(clinic, 1, Status.NOSHOW)
    if not counts:
        await clinic.withdraw(1)
    seen = Presence(
        uuid4(),
        SITE.id,
        patient_id,
        appointment_id,
        PresenceFlag.CONFLICT,
        Method.DESK,
        EvidenceGrade.FACE,
        NOW,
        "main",
        "desk-1",
        decided_by=DINA.name,
    )
    review = ShownReview(
        uuid4(),
        patient_id,
        (appointment_id,),
        Reason.NOSHOW_SET,
        Method.DESK,
        EvidenceGrade.FACE,
        NOW,
        NOW,
        "main",
        "desk-1",
        score=5.0,
        threshold=4.0,
        pack_id="open",
    )
    await desk_of(clinic).record(patient_id, DINA, [], [seen], review)
    reports = await reviewing.desk.reports()
    assert [(one.method, one.candidates[0].score) for one in reports] == (
        [(Method.DESK, 5.0)] if counts else []
    )


def face(
    patient_id: UUID, appointments: Sequence[UUID] = (), seen: Sequence[SeenFor] = ()
) -> Review:
    candidate = ReviewCandidate(patient_id, 5.0, tuple(appointments), tuple(seen))
    return Review(
        uuid4(),
        NOW,
        NOW,
        "lobby-1",
        1,
        "main",
        Reason.NOT_CALIBRATED,
        Band.ACCEPT,
        4.0,
        "open",
        (candidate,),
    )


async def kept(reviewing: Reviewing) -> None:
    """Note what waits, as the running service does at once."""
    stop = asyncio.Event()
    task = asyncio.create_task(reviewing.desk.keep(stop))
    while reviewing.queue.changed.is_set():  # noqa: ASYNC110 - the task clears it
        await asyncio.sleep(0)
    stop.set()
    await task


async def test_faces_that_waited_in_a_killed_service_are_recorded_as_expired(
    clinic: Clinic, reviewing: Reviewing
) -> None:
    (visit, anna), (_, bota) = await clinic.expect(1), await clinic.expect(2)
    first, second = face(anna, [visit]), face(bota, seen=[SeenFor(PresenceFlag.EARLY, None)])
    reviewing.queue.put(first)
    reviewing.queue.put(replace(second, track_id=2))
    await kept(reviewing)
    assert await clinic.count("waiting_reviews") == 2
    # A decided one is forgotten together with its decision.
    await reviewing.desk.confirm(str(first.review_id), "", AIGUL)
    assert await clinic.count("waiting_reviews") == 1
    # Killed here. The next service begins a minute later.
    waiting = clinic.waiting_reviews()
    soon = NOW + timedelta(minutes=1)
    assert await waiting.expire_left(soon) == 1
    assert await waiting.expire_left(soon) == 0
    row = await clinic.row(
        "SELECT patient_id, decided_by, decided_at, score FROM reviews WHERE decision = 'expired'"
    )
    assert row == (bota, "kirdi", soon, 5.0)
    assert await clinic.count("waiting_reviews") == 0
    # And does not ask about the same once more today.
    assert await waiting.asked(soon) == [(bota, PresenceFlag.EARLY)]
    assert await waiting.asked(soon + timedelta(days=1)) == []


async def test_a_conflict_by_code_outlives_the_service(
    counter: Counter, reviewing: Reviewing
) -> None:
    await counter.expect(1, **NOSHOW)
    await counter.redeem((await counter.issue(1)).secret)
    assert await counter.clinic.waiting_reviews().expire_left(NOW) == 0
    assert (await reviewing.only()).method is Method.CODE


async def test_an_early_one_leaves_a_presence_only_once_confirmed(
    clinic: Clinic, reviewing: Reviewing
) -> None:
    await clinic.expect(1)
    await clinic.import_bookings(moved(booking(1), 2))
    visit, anna = await clinic.ids(1)
    review = face(anna, seen=[SeenFor(PresenceFlag.EARLY, visit)])
    reviewing.queue.put(review)
    await kept(reviewing)
    assert await clinic.count("presences") == 0
    await reviewing.desk.confirm(str(review.review_id), "", AIGUL)
    row = await clinic.row(
        "SELECT flag, method, occurred_at, decided_by, appointment_id FROM presences"
    )
    assert row == ("early", "face", NOW, "aigul", visit)
    assert [one.status for one in await clinic.appointments()] == ["booked"]


async def test_after_a_withdrawal_a_confirmation_leaves_no_presence(
    clinic: Clinic, reviewing: Reviewing
) -> None:
    visit, anna = await clinic.expect(1)
    review = face(anna, seen=[SeenFor(PresenceFlag.LATE, visit)])
    reviewing.queue.put(review)
    await clinic.withdraw(1)
    with pytest.raises(InputError, match="nobody of it consents"):
        await reviewing.desk.confirm(str(review.review_id), "", AIGUL)
    assert await clinic.count("presences") == 0
