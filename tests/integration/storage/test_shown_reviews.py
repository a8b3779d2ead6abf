"""Conflicts shown by a code, at the desk or by hand: they wait in the database for a person."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from streamer.checkin.codes.claim import Answer
from streamer.domain.appointment import AppointmentStatus as Status
from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.code import CodeKind
from streamer.domain.decision import Reason
from streamer.domain.person import Person
from streamer.domain.review import LIFETIME
from streamer.errors import InputError
from tests.integration.storage.clinic import (
    NOW,
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
from tests.integration.storage.reviewing import AIGUL, NOSHOW, Reviewing, flags, say


@pytest.fixture
def counter(clinic: Clinic) -> Counter:
    return Counter(clinic)


@pytest.fixture
def reviewing(clinic: Clinic) -> Reviewing:
    return Reviewing(clinic)


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
