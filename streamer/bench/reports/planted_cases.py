"""What is not honest, or only looks so, and has to be told apart: a case of everything."""

from datetime import date, timedelta
from typing import Final

from streamer.bench.reports.made_period import CROOKED, PHANTOMS, Expected, Maker
from streamer.bench.reports.made_site import local
from streamer.domain.appointment import Place
from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.claim_facts import ClaimFacts
from streamer.domain.coverage import UnknownCause
from streamer.domain.patient_facts import PatientFacts
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import VerdictKind
from streamer.domain.visit_evidence import EvidenceSource

WEAK: Final = "R-WEAK"
"""Whose patients mostly come by hand."""
OWN: Final = "R-OWN"
"""Who checks patients in that they bill, under the account `own`."""
SMALL: Final = "PH-SMALL"
"""A phantom with too few visits to be told from chance."""


def plant(maker: Maker) -> None:
    """Add every case to a period of at least four weeks."""
    _phantoms(maker)
    _crooked(maker)
    _crowds(maker)
    _overlaps(maker)
    _times(maker)
    _people(maker)
    _billing(maker)
    _one_arrival(maker)
    _weak(maker)
    _evidence(maker)
    _typed(maker)


def _quiet(maker: Maker) -> list[date]:
    """Days on which nothing was wrong with the cameras."""
    wrong = {one.begin.date() for one in maker.period.outages}
    return [day for day in maker.working if day not in wrong]


def _unseen(
    maker: Maker,
    who: PatientFacts,
    practitioner: str,
    day: date,
    hour: float,
    case: str,
    risk: bool,
) -> None:
    """A visit that never was: booked and billed like any other."""
    starts_at = local(day, hour)
    kind, cause = maker.without(starts_at)
    expected = Expected(case, kind, cause, at_risk=risk and kind is VerdictKind.UNVERIFIED)
    booked = maker.appointment(who, practitioner, starts_at, expected)
    maker.claim(who, practitioner, starts_at + timedelta(minutes=2), expected, booked)


def _visit(
    maker: Maker,
    practitioner: str,
    day: date,
    hour: float,
    expected: Expected,
    grade: EvidenceGrade = EvidenceGrade.FACE,
    who: PatientFacts | None = None,
    measured: bool = True,
    code: str = "A02",
) -> tuple[AppointmentFacts, ClaimFacts]:
    """A visit that was, booked, seen and billed."""
    person = who or maker.patient()
    starts_at = local(day, hour)
    booked = maker.appointment(
        person, practitioner, starts_at, Expected(expected.case, VerdictKind.VERIFIED)
    )
    maker.seen(person, starts_at - timedelta(minutes=5), booked, grade)
    at = starts_at + timedelta(minutes=2)
    claim = maker.claim(person, practitioner, at, expected, booked, measured=measured, code=code)
    return booked, claim


def _verified(case: str, *codes: RuleCode, risk: bool | None = None) -> Expected:
    found = frozenset(codes)
    return Expected(
        case,
        VerdictKind.VERIFIED,
        codes=found,
        at_risk=bool(found) if risk is None else risk,
    )


def _phantoms(maker: Maker) -> None:
    for name in PHANTOMS:
        for day in maker.working:
            for number in range(3):
                who = maker.patient(enrolled=number % 2 == 0)
                _unseen(maker, who, name, day, 9 + number, "phantom_practitioner", True)
    for day in _quiet(maker)[:15]:
        for number in range(2):
            _unseen(maker, maker.patient(), SMALL, day, 9 + number, "small_phantom", False)
    # Single ones among honest visits look like any visit without evidence, and accuse nobody.
    for place, day in enumerate(_quiet(maker)[:30]):
        _unseen(maker, maker.patient(), f"D-{place % 4}", day, 19.75, "single_phantom", False)


def _crooked(maker: Maker) -> None:
    for day in maker.working:
        for number in range(4):
            who = maker.patient(enrolled=number % 2 == 0)
            if maker.draw.random() < 0.4:
                _unseen(maker, who, CROOKED, day, 9 + number, "phantom", True)
            else:
                grade = EvidenceGrade.FACE if who.enrolled else EvidenceGrade.CODE
                _visit(maker, CROOKED, day, 9 + number, _verified("crooked"), grade, who)


def _crowds(maker: Maker) -> None:
    quiet = _quiet(maker)
    unknown = VerdictKind.UNKNOWN, UnknownCause.NO_APPOINTMENT
    for number in range(70):
        one = Expected("too_many_per_day", *unknown, frozenset({RuleCode.TOO_MANY_PER_DAY}), True)
        at = local(quiet[4], 8.5 + number / 7)
        maker.claim(maker.patient(), "R-DAY", at, one, measured=False)
    for number in range(15):
        one = Expected("too_many_per_hour", *unknown, frozenset({RuleCode.TOO_MANY_PER_HOUR}), True)
        at = local(quiet[5], 10) + timedelta(minutes=4 * number)
        maker.claim(maker.patient(), "R-HOUR", at, one)
    # Of blood samples and vaccinations there may be any number.
    for number in range(100):
        at = local(quiet[6], 9) + timedelta(minutes=number)
        maker.claim(
            maker.patient(), "R-LAB", at, Expected("exempt", *unknown), name="Вакцинация от гриппа"
        )


def _overlaps(maker: Maker) -> None:
    day = _quiet(maker)[7]
    one = _verified("patient_overlap", RuleCode.PATIENT_OVERLAP)
    booked, _ = _visit(maker, "R-PO1", day, 10, one)
    who = maker.period.patients[booked.patient_id]
    other = Expected(one.case, one.kind, None, one.codes, True)
    maker.claim(who, "R-PO2", local(day, 10) + timedelta(minutes=3), other, code="A03")
    both = _verified("practitioner_overlap", RuleCode.PRACTITIONER_OVERLAP)
    for _ in range(2):
        _visit(maker, "R-PRO", day, 11, both)
    # Typed times overlap all the time, and say nothing.
    for _ in range(2):
        _visit(maker, "R-TYPED", day, 12, _verified("typed_times"), measured=False)


def _times(maker: Maker) -> None:
    day = _quiet(maker)[8]
    late = Expected(
        "outside_hours",
        VerdictKind.UNKNOWN,
        UnknownCause.NO_APPOINTMENT,
        frozenset({RuleCode.OUTSIDE_HOURS}),
        True,
    )
    maker.claim(maker.patient(), "R-OUT", local(day, 22.5), late)
    _visit(maker, "R-HOL", maker.holiday, 12, _verified("on_holiday", RuleCode.ON_HOLIDAY))


def _people(maker: Maker) -> None:
    day = _quiet(maker)[9]
    before = day - timedelta(days=30)
    dead = maker.patient(deceased_on=before)
    _visit(maker, "R-DEAD", day, 9, _verified("deceased", RuleCode.PATIENT_DECEASED), who=dead)
    left = maker.patient(attached_to=before)
    _visit(maker, "R-LEFT", day, 9, _verified("left", RuleCode.PATIENT_NOT_ATTACHED), who=left)
    for sex, born, code, expected in (
        ("male", date(1980, 5, 5), "F01", _verified("wrong_sex", RuleCode.WRONG_SEX)),
        ("female", date(1980, 5, 5), "F01", _verified("right_sex")),
        ("male", date(1980, 5, 5), "K01", _verified("wrong_age", RuleCode.WRONG_AGE)),
        ("male", date(day.year - 8, 1, 5), "K01", _verified("right_age")),
    ):
        who = maker.patient(sex=sex, birth_date=born)
        _visit(maker, f"R-{expected.case}", day, 10, expected, who=who, code=code)


def _billing(maker: Maker) -> None:
    quiet = _quiet(maker)
    for case, steps, codes in (
        ("screening_order", (("SC2", 4), ("SC1", 12)), (RuleCode.SCREENING_ORDER,)),
        ("screening_in_order", (("SC1", 4), ("SC2", 12), ("SC3", 15)), ()),
    ):
        who = maker.patient()
        for place, (code, at) in enumerate(steps):
            expected = _verified(case, *codes) if place == 0 else _verified(case)
            _visit(maker, f"R-{case}", quiet[at], 9, expected, who=who, code=code)
    booked, _ = _visit(maker, "R-DUP", quiet[10], 9, _verified("billed_once"))
    who = maker.period.patients[booked.patient_id]
    again = _verified("duplicate", RuleCode.DUPLICATE)
    maker.claim(who, "R-DUP", local(quiet[10], 9.5), again, booked)
    # A colleague stood in: that is information, and no risk.
    person = maker.patient()
    instead = _verified("substituted", RuleCode.SUBSTITUTED, risk=False)
    booked = maker.appointment(
        person, "D-0", local(quiet[11], 19.5), Expected("substituted", VerdictKind.VERIFIED)
    )
    maker.seen(person, local(quiet[11], 19.4), booked, EvidenceGrade.FACE)
    maker.claim(person, "R-SUB", local(quiet[11], 19.55), instead, booked)
    # Booked here and billed as at home: nobody's presence is asked for, and somebody may look.
    person = maker.patient()
    evening = local(quiet[11], 19.5)
    truth = Expected("elsewhere", *maker.without(evening))
    booked = maker.appointment(person, "D-1", evening, truth)
    away = Expected(
        "elsewhere", VerdictKind.NOT_APPLICABLE, None, frozenset({RuleCode.BILLED_ELSEWHERE})
    )
    maker.claim(person, "D-1", evening, away, booked, place=Place.HOME)
    # Another patient's appointment is none of this one's.
    other = Expected(
        "others_appointment",
        VerdictKind.UNKNOWN,
        UnknownCause.NO_APPOINTMENT,
        frozenset({RuleCode.WRONG_APPOINTMENT}),
    )
    maker.claim(maker.patient(), "D-1", evening, other, booked)


def _one_arrival(maker: Maker) -> None:
    for practitioners, risk in ((3, False), (5, True)):
        day = _quiet(maker)[12]
        codes = (RuleCode.ONE_ARRIVAL,) if risk else ()
        expected = _verified(f"one_arrival_{practitioners}", *codes)
        booked, _ = _visit(maker, f"R-ARR{practitioners}0", day, 10, expected)
        who = maker.period.patients[booked.patient_id]
        for number in range(1, practitioners):
            maker.claim(
                who,
                f"R-ARR{practitioners}{number}",
                local(day, 10 + number / 2),
                expected,
                code=f"A1{number}",
            )


def _typed(maker: Maker) -> None:
    """Who was there in the morning, and is billed for an ECG whose time somebody typed."""
    days = _quiet(maker)[:30]
    for number in range(60):
        expected = _verified("typed_beside")
        hour = 9 + number // len(days) / 2
        booked, _ = _visit(maker, "R-AM", days[number % len(days)], hour, expected)
        at = local(days[number % len(days)], 17 if number % 3 else 0)
        who = maker.period.patients[booked.patient_id]
        maker.claim(who, "R-ECG", at, expected, code="A07", measured=False)


def _weak(maker: Maker) -> None:
    days = _quiet(maker)[:30]
    for number in range(120):
        weak = number % 5 < 3
        grade = EvidenceGrade.MANUAL if weak else EvidenceGrade.FACE
        expected = _verified("weak_evidence", risk=weak)
        hour = 9 + number // len(days) / 2
        _visit(maker, WEAK, days[number % len(days)], hour, expected, grade)


def _evidence(maker: Maker) -> None:
    day = _quiet(maker)[13]
    for number in range(10):
        who = maker.patient()
        starts_at = local(day, 9 + number / 2)
        expected = Expected("own_evidence", VerdictKind.UNVERIFIED)
        booked = maker.appointment(who, OWN, starts_at, expected)
        maker.seen(who, starts_at, booked, EvidenceGrade.MANUAL, produced_by=(OWN,))
        maker.claim(who, OWN, starts_at + timedelta(minutes=2), expected, booked)
    for number in range(10):
        who = maker.patient()
        starts_at = local(day, 9 + number / 2)
        expected = Expected("nobody_looked", VerdictKind.UNKNOWN, UnknownCause.NOBODY_LOOKED)
        booked = maker.appointment(who, "R-LOOK", starts_at, expected)
        maker.period.unlooked.add(booked.appointment_id)
        maker.claim(who, "R-LOOK", starts_at + timedelta(minutes=2), expected, booked)
    who = maker.patient()
    expected = Expected("confirmed", VerdictKind.VERIFIED)
    booked = maker.appointment(who, "R-MIN", local(day, 9), expected)
    maker.seen(who, local(day, 9), booked, EvidenceGrade.EGOV, source=EvidenceSource.CONFIRMATION)
    maker.claim(who, "R-MIN", local(day, 9.05), expected, booked)
