"""Codes over a real database: who may issue and redeem them, and what it writes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from streamer.checkin.codes.claim import Answer, Redeemed
from streamer.crypto.key import KeyEncryptionKey
from streamer.crypto.signed_token import Token, TokenSigner
from streamer.domain.appointment import AppointmentStatus, Place
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.code import CodeKind
from streamer.domain.decision import Reason
from streamer.errors import InputError, OutsideError
from tests.integration.storage.clinic import LISTER, NOW, ZONE, Clinic, booking, moved, patient
from tests.integration.storage.counter import (
    ASEL,
    DINA,
    DOCTOR,
    KIOSK,
    TABLET,
    Counter,
    other_than,
)


@pytest.fixture
def counter(clinic: Clinic) -> Counter:
    return Counter(clinic)


async def test_a_code_arrives_once(counter: Counter) -> None:
    await counter.expect(1)
    issued = await counter.issue(1)
    assert issued.grade is EvidenceGrade.DESK_CODE
    assert (await counter.redeem(other_than(issued.secret))).answer is Answer.REFUSED
    redeemed = await counter.redeem(f"{issued.secret[:3]} {issued.secret[3:]}")
    assert redeemed.answer is Answer.ARRIVED
    assert [one.appointment_ref for one in redeemed.arrivals] == ["A-1"]
    assert (await counter.redeem(issued.secret)).answer is Answer.REFUSED
    (check_in,) = await counter.clinic.listed_check_ins()
    assert (check_in.method, check_in.evidence, check_in.decided_by) == (
        "code",
        "desk_code",
        "dina",
    )
    assert await counter.statuses() == {"A-1": "arrived"}
    (row,) = await counter.clinic.listing.codes(NOW.astimezone(ZONE).date(), LISTER)
    assert (row.state, row.redeemed_by, row.device) == ("redeemed", "dina", "desk-1")


async def test_no_digits_stand_in_the_database(counter: Counter) -> None:
    await counter.expect(1)
    issued = await counter.issue(1)
    row = await counter.clinic.row("SELECT code_hash FROM codes")
    assert issued.secret.encode() not in bytes(row[0])
    await counter.redeem(issued.secret)
    assert await counter.clinic.row("SELECT code_hash FROM codes") == (None,)


async def test_a_new_code_revokes_the_old_one(counter: Counter) -> None:
    await counter.expect(1)
    old, new = await counter.issue(1), await counter.issue(1)
    apart = await counter.issue(appointment="A-1")
    if old.secret != new.secret:
        assert (await counter.redeem(old.secret)).answer is Answer.REFUSED
    assert (await counter.redeem(apart.secret)).answer is Answer.ARRIVED
    again = await counter.redeem(new.secret)
    assert (again.answer, again.reason) == (Answer.NOT_ARRIVED, Reason.ALREADY_ARRIVED)


async def test_a_code_expires(counter: Counter) -> None:
    await counter.expect(1)
    of_day, of_visit = await counter.issue(1), await counter.issue(appointment="A-1")
    assert of_day.expires_at.astimezone(ZONE).hour == 0
    assert of_visit.expires_at == booking(1).starts_at + timedelta(minutes=30)
    counter.clinic.clock.advance(1.5 * 3600)
    assert (await counter.redeem(of_visit.secret)).answer is Answer.REFUSED
    late = await counter.redeem(of_day.secret)
    assert (late.answer, late.reason) == (Answer.NOT_ARRIVED, Reason.LATE)


async def test_whoever_issues_it_does_not_redeem_it(counter: Counter) -> None:
    await counter.expect(1)
    issued = await counter.issue(1, by=ASEL)
    assert (await counter.redeem(issued.secret, by=[ASEL])).answer is Answer.REFUSED
    # Nor at a device where they work, whoever else types it.
    assert (await counter.redeem(issued.secret, by=[DINA, ASEL])).answer is Answer.REFUSED
    assert (await counter.redeem(issued.secret, by=[DINA])).answer is Answer.ARRIVED


async def test_whoever_bills_the_visit_does_neither(counter: Counter) -> None:
    await counter.expect(1)
    with pytest.raises(InputError, match="practitioner D-1"):
        await counter.issue(1, by=DOCTOR)
    issued = await counter.issue(1)
    assert (await counter.redeem(issued.secret, by=[DOCTOR])).answer is Answer.REFUSED
    assert await counter.statuses() == {"A-1": "booked"}


async def test_whoever_bills_a_childs_visit_hands_its_guardian_no_code(counter: Counter) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(2))
    with pytest.raises(InputError, match="practitioner D-1"):
        await counter.issue(1, by=DOCTOR)
    issued = await counter.issue(1)
    assert (await counter.redeem(issued.secret, by=[DOCTOR])).answer is Answer.REFUSED


@pytest.mark.parametrize("visit_of", [1, 2])
async def test_whoever_bills_a_visit_booked_later_has_issued_no_code_for_it(
    counter: Counter, visit_of: int
) -> None:
    """The practitioner hands a walk-in a code, and is then given the visit, or their child's."""
    await counter.family()
    issued = await counter.issue(1, by=DOCTOR)
    await counter.clinic.import_bookings(booking(visit_of))
    assert (await counter.redeem(issued.secret, "all")).answer is Answer.REFUSED
    assert (await counter.redeem((await counter.issue(1)).secret, "all")).answer is Answer.ARRIVED


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"starts_at": NOW + timedelta(hours=3), "ends_at": NOW + timedelta(hours=4)}, "early"),
        ({"building": "annex"}, "other_building"),
        ({"status": AppointmentStatus.CANCELLED}, "cancelled"),
        ({"status": AppointmentStatus.NOSHOW}, "noshow_set"),
        ({"status": AppointmentStatus.FULFILLED}, "already_arrived"),
        ({"place": Place.HOME}, "not_at_site"),
        ({"starts_at": NOW - timedelta(hours=2), "ends_at": NOW - timedelta(hours=1)}, "late"),
    ],
)
async def test_a_good_code_that_arrives_nowhere_stays_good(
    counter: Counter, changes: dict[str, object], reason: str
) -> None:
    await counter.expect(1, **changes)
    issued = await counter.issue(1)
    for _ in range(2):
        redeemed = await counter.redeem(issued.secret)
        assert (redeemed.answer, redeemed.reason) == (Answer.NOT_ARRIVED, Reason(reason))
    (row,) = await counter.clinic.listing.codes(NOW.astimezone(ZONE).date(), LISTER)
    assert row.state == "in_force"
    assert await counter.attempts.listed(NOW) == [] or await level(counter) == 0


async def level(counter: Counter) -> float:
    row = await counter.clinic.row("SELECT level FROM attempts WHERE scope = 'device'")
    return float(str(row[0]))


async def test_too_early_leaves_a_presence_and_then_arrives(counter: Counter) -> None:
    await counter.clinic.import_patients(patient(1))
    await counter.clinic.import_bookings(moved(booking(1), 2))
    issued = await counter.issue(1)
    for _ in range(3):
        assert (await counter.redeem(issued.secret)).reason is Reason.EARLY
    presence = await counter.clinic.row("SELECT flag, method, evidence, device_id FROM presences")
    assert presence == ("early", "code", "desk_code", "desk-1")
    assert await counter.clinic.count("presences") == 1
    counter.clinic.clock.advance(3600)
    assert (await counter.redeem(issued.secret)).answer is Answer.ARRIVED


async def test_digits_sent_ahead_are_unknown_until_their_day_and_then_say_that_it_is_early(
    counter: Counter,
) -> None:
    await counter.expect(1, starts_at=NOW + timedelta(days=3), ends_at=NOW + timedelta(days=4))
    issued = await counter.issue(appointment="A-1")
    assert await counter.redeem(issued.secret) == Redeemed(Answer.REFUSED)
    assert await level(counter) == 1, "a guess is a guess"
    # Until midnight at the site, nine hours before its start.
    counter.clinic.clock.advance(timedelta(days=3, hours=-9).total_seconds() - 1)
    assert (await counter.redeem(issued.secret)).answer is Answer.REFUSED
    guesses = await level(counter)
    counter.clinic.clock.advance(1)
    for _ in range(12):
        early = await counter.redeem(issued.secret)
        assert (early.answer, early.reason) == (Answer.NOT_ARRIVED, Reason.EARLY)
        assert [one.appointment_ref for one in early.meant] == ["A-1"]
    assert await level(counter) <= guesses, "a good code is no guess, however early"
    counter.clinic.clock.advance(7 * 3600)
    assert (await counter.redeem(issued.secret)).answer is Answer.ARRIVED


async def test_a_qr_code_shown_days_too_early_says_so(counter: Counter) -> None:
    await counter.expect(1, starts_at=NOW + timedelta(days=3), ends_at=NOW + timedelta(days=4))
    issued = await counter.issue(appointment="A-1", kind=CodeKind.QR)
    assert (await counter.redeem(issued.secret)).answer is Answer.NOT_ARRIVED


async def test_a_walk_in_booked_after_the_code_was_issued_arrives(counter: Counter) -> None:
    await counter.clinic.import_patients(patient(1))
    issued = await counter.issue(1)
    first = await counter.redeem(issued.secret)
    assert (first.answer, first.reason) == (Answer.NOT_ARRIVED, Reason.NO_APPOINTMENT)
    await counter.clinic.import_bookings(booking(1))
    assert (await counter.redeem(issued.secret)).answer is Answer.ARRIVED


async def test_a_code_sent_to_the_phone_is_worth_more(counter: Counter) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(1))
    issued = await counter.issue(1, send=True)
    ((phone, text),) = counter.messenger.sent
    assert (phone, issued.grade) == ("+77012345678", EvidenceGrade.CODE)
    assert issued.secret in text
    assert "тіркелу коды" in text
    redeemed = await counter.redeem(issued.secret)
    assert [one.evidence for one in redeemed.arrivals] == [EvidenceGrade.CODE]


async def test_a_code_that_could_not_be_sent_is_revoked(counter: Counter) -> None:
    await counter.family()
    counter.messenger.away = True
    with pytest.raises(OutsideError, match=r"revoked: try again, or issue one without sending it"):
        await counter.issue(1, send=True)
    (row,) = await counter.clinic.listing.codes(NOW.astimezone(ZONE).date(), LISTER)
    assert row.state == "revoked"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"number": 9}, "patient P-9: is not known"),
        ({"appointment": "A-9"}, "appointment A-9: is not known"),
        ({"number": 1, "send": True}, "no phone is registered"),
        ({"number": 1, "send": True, "kind": CodeKind.QR}, "holds digits"),
        ({"appointment": "A-2"}, "is cancelled"),
        ({"appointment": "A-3"}, "begins more than 7 days"),
        ({"appointment": "A-4"}, "has closed"),
        ({"appointment": "A-5"}, "is not at the site"),
        ({"number": 6}, "recorded as deceased"),
    ],
)
async def test_what_cannot_be_issued(
    counter: Counter, arguments: dict[str, object], words: str
) -> None:
    await counter.expect(1)
    await counter.clinic.import_patients(
        *(patient(number) for number in range(2, 6)),
        replace(patient(6), deceased_on=NOW.date() - timedelta(days=1)),
    )
    await counter.clinic.import_bookings(
        replace(booking(2), status=AppointmentStatus.CANCELLED),
        moved(booking(3), 24 * 9),
        moved(booking(4), -2),
        replace(booking(5), place=Place.HOME),
    )
    with pytest.raises(InputError, match=words):
        await counter.issue(**arguments)  # type: ignore[arg-type]
    assert await counter.clinic.count("codes") == 0


async def test_a_patient_gets_so_many_codes_a_day(counter: Counter) -> None:
    await counter.expect(1)
    for _ in range(10):
        await counter.issue(1)
    with pytest.raises(InputError, match="10 codes today"):
        await counter.issue(1)
    counter.clinic.clock.advance(24 * 3600)
    await counter.issue(1)


async def test_a_qr_code_arrives_once_whoever_copies_it(counter: Counter) -> None:
    await counter.expect(1)
    issued = await counter.issue(1, kind=CodeKind.QR)
    assert len(issued.secret) == 60
    redeemed = await counter.redeem(issued.secret, device=KIOSK, by=())
    assert redeemed.answer is Answer.ARRIVED
    assert (await counter.redeem(issued.secret, device=TABLET)).answer is Answer.REFUSED
    (check_in,) = await counter.clinic.listed_check_ins()
    assert (check_in.method, check_in.camera, check_in.decided_by) == ("qr", "kiosk-1", None)


async def test_tokens_that_are_not_ours_or_no_longer_good(counter: Counter) -> None:
    await counter.expect(1)
    issued = await counter.issue(1, kind=CodeKind.QR)
    last = issued.secret[-1]
    tampered = issued.secret[:-2] + ("A" if issued.secret[-2] != "A" else "B") + last
    elsewhere = TokenSigner(KeyEncryptionKey(b"k" * 32), "test-1")
    longer = Token(issued.code_id, issued.expires_at + timedelta(days=1))
    for text in (
        tampered,
        elsewhere.sign(Token(issued.code_id, issued.expires_at)),
        # Signed by this site, and the database says another term.
        counter.clinic.database.tokens.sign(longer),
        "K1",
        "K1" + "A" * 58,
        "",
        "https://example.kz",
    ):
        assert (await counter.redeem(text, device=KIOSK, by=())).answer is Answer.REFUSED, text
    # What cannot be guessed counts against no device.
    assert await counter.attempts.listed(NOW) == []
    counter.clinic.clock.advance(16 * 3600)
    assert (await counter.redeem(issued.secret, device=KIOSK, by=())).answer is Answer.REFUSED
