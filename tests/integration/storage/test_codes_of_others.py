"""Codes of guardians, of the national documents, and from a gateway."""

import asyncio
import re
from dataclasses import replace
from datetime import date

import pytest
from pydantic import SecretStr

from config.settings import Sms
from streamer.checkin.codes.claim import Answer, Redeemed
from streamer.checkin.codes.issuing import Issuing
from streamer.domain.check_in import EvidenceGrade, Recorded
from streamer.domain.code import CodeKind, CodeOrder
from streamer.domain.decision import Reason
from streamer.domain.person import Person
from streamer.errors import InputError, OutsideError
from streamer.exchange.sms_gateway import SmsGateway
from tests.fakes.http_service import HttpService, Reply
from tests.integration.storage.clinic import NOW, ZONE, Clinic, booking, moved, patient
from tests.integration.storage.counter import (
    ASEL,
    DESK,
    KIOSK,
    Counter,
    child,
)


@pytest.fixture
def counter(clinic: Clinic) -> Counter:
    return Counter(clinic)


async def level(counter: Counter) -> float:
    row = await counter.clinic.row("SELECT level FROM attempts WHERE scope = 'device'")
    return float(str(row[0]))


async def test_a_guardian_is_asked_with_whom_and_then_arrives(counter: Counter) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(2), booking(3), moved(booking(4, 3), 3))
    issued = await counter.issue(1)
    for _ in range(2):
        listed = await counter.redeem(issued.secret)
        assert listed.answer is Answer.CHOOSE
        assert [(one.appointment_ref, one.dependant) for one in listed.choices] == [
            ("A-2", 1),
            ("A-3", 2),
        ]
    with pytest.raises(InputError, match=r"A-4: is not among.*leave out --for"):
        await counter.redeem(issued.secret, "A-4")
    redeemed = await counter.redeem(issued.secret, "A-3")
    assert [(one.appointment_ref, one.evidence) for one in redeemed.arrivals] == [
        ("A-3", EvidenceGrade.GUARDIAN)
    ]
    assert await counter.statuses() == {"A-2": "booked", "A-3": "arrived", "A-4": "booked"}
    assert (await counter.redeem(issued.secret, "A-2")).answer is Answer.REFUSED


async def test_a_guardian_comes_with_everybody(counter: Counter) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(1), booking(2), booking(3))
    issued = await counter.issue(1)
    redeemed = await counter.redeem(issued.secret, "all")
    assert {one.appointment_ref: one.evidence for one in redeemed.arrivals} == {
        "A-1": EvidenceGrade.DESK_CODE,
        "A-2": EvidenceGrade.GUARDIAN,
        "A-3": EvidenceGrade.GUARDIAN,
    }
    assert await level(counter) == 0
    assert await counter.attempts.listed(NOW) == [], "nothing has failed there"


async def test_at_a_kiosk_one_single_child_is_no_question(counter: Counter) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(2))
    issued = await counter.issue(1, kind=CodeKind.QR)
    redeemed = await counter.redeem(issued.secret, device=KIOSK, by=())
    assert [one.evidence for one in redeemed.arrivals] == [EvidenceGrade.GUARDIAN]


async def test_a_guardians_code_for_their_own_visit_lists_nobody(counter: Counter) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(1), booking(2))
    issued = await counter.issue(appointment="A-1")
    assert (await counter.redeem(issued.secret)).answer is Answer.ARRIVED
    assert await counter.statuses() == {"A-1": "arrived", "A-2": "booked"}


async def test_a_guardians_face_never_stands_for_a_child(counter: Counter) -> None:
    """Whoever is enrolled, the gallery holds them for their own appointments alone."""
    await counter.family()
    await counter.clinic.import_bookings(booking(2))
    await counter.clinic.enrol(1)
    assert await counter.clinic.gallery().keys(NOW) == frozenset()
    await counter.clinic.import_bookings(booking(1))
    assert len(await counter.clinic.gallery().keys(NOW)) == 1


# By birth date: is the patient on a guardian's list on 23 November, and on the 24th?
AGES: dict[str, tuple[date | None, bool, bool]] = {
    "a child": (date(2019, 5, 1), True, True),
    "18 on the next day": (date(2008, 11, 24), True, False),
    "18 on that day": (date(2008, 11, 23), False, False),
    "an adult": (date(1990, 1, 1), False, False),
    "of nobody knows which age": (None, False, False),
}


@pytest.mark.parametrize("case", AGES)
async def test_a_guardian_speaks_for_nobody_of_age(counter: Counter, case: str) -> None:
    """From that birthday on, by no code: what was issued the day before is over by then."""
    born, before, after = AGES[case]
    await counter.family()
    await counter.clinic.import_patients(replace(child(3), birth_date=born))
    await counter.clinic.import_bookings(booking(2), booking(3), moved(booking(13, 3), 24))
    await counter.clinic.import_bookings(moved(booking(12, 2), 24))
    issued = await counter.issue(1)
    listed = await counter.redeem(issued.secret)
    assert ("A-3" in {one.appointment_ref for one in listed.choices}) is before
    if not before:
        with pytest.raises(InputError, match="A-3: is not among"):
            await counter.redeem(issued.secret, "A-3")
    counter.clinic.clock.advance(86_400)
    assert (await counter.redeem(issued.secret)).answer is Answer.REFUSED
    redeemed = await counter.redeem((await counter.issue(1)).secret, "all")
    arrived = {one.appointment_ref for one in redeemed.arrivals}
    assert arrived == ({"A-12", "A-13"} if after else {"A-12"})


async def test_the_dead_are_on_no_list_and_their_codes_refused_like_unknown_ones(
    counter: Counter,
) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(1), booking(2), booking(3))
    guardians, childs = await counter.issue(1), await counter.issue(2)
    token = await counter.issue(appointment="A-2", kind=CodeKind.QR)
    await counter.clinic.import_patients(replace(child(2), deceased_on=NOW.date()))
    listed = await counter.redeem(guardians.secret)
    assert {one.appointment_ref for one in listed.choices} == {"A-1", "A-3"}
    wrong = await counter.redeem("000000" if childs.secret != "000000" else "000001")
    for secret in (childs.secret, token.secret):
        assert await counter.redeem(secret, device=KIOSK, by=()) == wrong
    with pytest.raises(InputError, match="recorded as deceased"):
        await counter.issue(2)
    assert await counter.statuses() == {"A-1": "booked", "A-2": "booked", "A-3": "booked"}
    counter.service.people["egov:7"] = Person("iin", "900101300017")
    guardian = replace(patient(1), id_type="iin", id_number="900101300017", deceased_on=NOW.date())
    await counter.clinic.import_patients(guardian)
    assert await counter.redeem(guardians.secret) == wrong
    assert await counter.redeem("egov:7", device=KIOSK, by=()) == wrong


async def test_the_national_documents_find_the_patient_by_the_numbers_hash(
    counter: Counter,
) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(1))
    counter.service.people["egov:77"] = Person("iin", "900101300017")
    assert (await counter.redeem("egov:78", device=KIOSK, by=())).answer is Answer.REFUSED
    redeemed = await counter.redeem("egov:77", device=KIOSK, by=())
    assert [one.evidence for one in redeemed.arrivals] == [EvidenceGrade.EGOV]
    (check_in,) = await counter.clinic.listed_check_ins()
    assert (check_in.method, check_in.evidence) == ("egov", "egov")


async def test_the_national_service_may_know_more_guardians(counter: Counter) -> None:
    await counter.family()
    grandmother = replace(patient(5), id_type="iin", id_number="550101400018")
    # The number tells the age.
    ward = replace(patient(6), birth_date=None, id_type="iin", id_number="190501500019")
    await counter.clinic.import_patients(grandmother, ward)
    await counter.clinic.import_bookings(booking(6))
    counter.service.people["12"] = Person("iin", "550101400018", ("190501500019",))
    listed = await counter.redeem("12", national=True)
    assert [one.appointment_ref for one in listed.choices] == ["A-6"]
    # Over there a code may be good once: the choice is the answer to our question.
    del counter.service.people["12"]
    redeemed = await counter.redeem("12", "all", national=True)
    assert [one.evidence for one in redeemed.arrivals] == [EvidenceGrade.GUARDIAN]


async def test_while_the_national_service_is_away_the_clinics_codes_go_on(
    counter: Counter,
) -> None:
    await counter.expect(1)
    issued = await counter.issue(1)
    counter.service.away = True
    for _ in range(30):
        redeemed = await counter.redeem("123456", national=True)
        assert redeemed == Redeemed(Answer.AWAY, fault="egov: no answer in 4 s")
    assert (await counter.redeem(issued.secret)).answer is Answer.ARRIVED


async def test_somebody_unknown_to_the_clinic_is_refused_like_a_wrong_code(
    counter: Counter,
) -> None:
    counter.service.people["99"] = Person("iin", "800101300018")
    assert (await counter.redeem("99", national=True)).answer is Answer.REFUSED
    assert [row.today for row in await counter.attempts.listed(NOW)] == [1, 1]


async def test_of_twenty_who_show_one_code_at_once_one_arrives(counter: Counter) -> None:
    await counter.expect(1)
    digits, token = await counter.issue(1), await counter.issue(appointment="A-1", kind=CodeKind.QR)
    answers = await asyncio.gather(
        *(
            counter.redeem(code.secret, device=replace(DESK, device_id=f"desk-{number}"))
            for number in range(10)
            for code in (digits, token)
        )
    )
    assert [one.answer for one in answers].count(Answer.ARRIVED) == 1
    assert await counter.clinic.count("check_ins") == 1


async def test_a_face_that_was_quicker_leaves_the_code_in_force(counter: Counter) -> None:
    await counter.clinic.expect(1)
    issued = await counter.issue(1)
    written = await counter.clinic.check_ins().record(await counter.clinic.proposal(1))
    assert written is Recorded.WRITTEN
    redeemed = await counter.redeem(issued.secret)
    assert (redeemed.answer, redeemed.reason) == (Answer.NOT_ARRIVED, Reason.ALREADY_ARRIVED)
    assert await counter.clinic.row("SELECT flag FROM presences") == ("again",)


async def test_through_a_real_gateway_and_past_one_that_fails(counter: Counter) -> None:
    await counter.family()
    await counter.clinic.import_bookings(booking(1))
    async with HttpService(Reply(202, b"{}")) as gateway:
        sms = SmsGateway(Sms(url=SecretStr(f"{gateway.url}/send"), timeout_s=1))
        issuing = Issuing(counter.codes, sms, ("Clinic", ZONE), counter.clinic.clock)
        order = CodeOrder("P-1", None, CodeKind.DIGITS, sent=True)
        gateway.reply = Reply(delay_s=2)
        with pytest.raises(OutsideError, match=r"revoked.*no answer in 1 s"):
            await issuing.issue(order, ASEL)
        gateway.reply = Reply(202, b"{}")
        issued = await issuing.issue(order, ASEL)
    late, sent = gateway.received
    assert issued.secret in sent.body.decode()
    lost = re.search(r"\d{6}", late.body.decode().partition('"text"')[2])
    assert lost is not None
    if lost[0] != issued.secret:
        assert (await counter.redeem(lost[0])).answer is Answer.REFUSED
    redeemed = await counter.redeem(issued.secret)
    assert [one.evidence for one in redeemed.arrivals] == [EvidenceGrade.CODE]
