"""Conflicts shown by hand or at the desk, of early visits, and those of a service that ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from streamer.domain.appointment import AppointmentStatus as Status
from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.decision import Reason, SeenFor
from streamer.domain.identity import Band
from streamer.domain.presence import Presence, PresenceFlag
from streamer.domain.review import Review, ReviewCandidate
from streamer.domain.shown_review import ShownReview
from streamer.errors import InputError
from streamer.storage.desk import PostgresDesk
from tests.integration.storage.clinic import (
    NOW,
    SITE,
    Clinic,
    booking,
    moved,
)
from tests.integration.storage.counter import (
    DINA,
    Counter,
)
from tests.integration.storage.reviewing import AIGUL, NOSHOW, Reviewing, flags, say


@pytest.fixture
def counter(clinic: Clinic) -> Counter:
    return Counter(clinic)


@pytest.fixture
def reviewing(clinic: Clinic) -> Reviewing:
    return Reviewing(clinic)


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
