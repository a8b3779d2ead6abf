"""Every sanity rule: what stands out, what does not, and what it can't look at."""

import dataclasses
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from config.reports import RULES
from config.settings import Reports
from streamer.domain.appointment import Place
from streamer.domain.claim_facts import ClaimFacts
from streamer.domain.judged_day import JudgedDay
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_finding import Parameter
from streamer.domain.rule_summary import NotEvaluated, RuleSummary
from streamer.domain.screening_step import ScreeningStep
from streamer.domain.verdict import NotApplicable
from streamer.domain.visit_day import VisitDay
from streamer.reports.premises import Premises
from tests.unit.reports.facts import (
    DAY,
    PREMISES,
    a_day,
    appointment,
    claim,
    evidence,
    judged,
    number,
    patient,
)

CLOSED = dataclasses.replace(PREMISES, holidays=frozenset({DAY}))
OTHER_HOLIDAYS = dataclasses.replace(PREMISES, holidays=frozenset({date(2026, 12, 16)}))


def found(day: JudgedDay, code: RuleCode) -> set[str]:
    return {
        one.claim.service.claim_ref
        for one in day.claims
        if any(finding.code is code for finding in one.findings)
    }


def skipped(day: JudgedDay, code: RuleCode) -> dict[NotEvaluated, int]:
    return dict(day.summaries[code].not_evaluated)


def many(patients: int, apart: float, **changed: Any) -> list[ClaimFacts]:
    return [
        claim(8 + one * apart, f"C-{one}", f"P-{one}", None, **changed) for one in range(patients)
    ]


def run(
    claims: Iterable[ClaimFacts], settings: Reports | None = None, premises: Premises = PREMISES
) -> JudgedDay:
    return judged(a_day(claims=claims), settings, premises)


def test_more_patients_on_a_day_than_one_can_see() -> None:
    code = RuleCode.TOO_MANY_PER_DAY
    assert found(run(many(60, 0.15)), code) == set()
    assert len(found(run(many(61, 0.15)), code)) == 61
    # Typed times say the day as well.
    assert len(found(run(many(61, 0.15, measured=False)), code)) == 61
    # Many services for few patients are no such thing.
    same = [claim(8 + one / 10, f"C-{one}", f"P-{one % 50}", None) for one in range(100)]
    assert found(run(same), code) == set()
    # Nor are two practitioners'.
    two = [replace(one, service=replace(one.service, practitioner_ref=f"D-{place % 2}"))
           for place, one in enumerate(many(100, 0.1))]  # fmt: skip
    assert found(run(two), code) == set()


@pytest.mark.parametrize(
    "changed",
    [
        {"service_name": "Лабораторное исследование крови"},
        {"service_name": "Vaccination, influenza"},
        {"service_name": "Топтық сабақ"},
        {"service_code": "laborat-7"},
    ],
)
def test_laboratory_vaccination_and_groups_are_exempt(changed: dict[str, Any]) -> None:
    day = run(many(100, 0.01, **changed))
    for code in (
        *(RuleCode.TOO_MANY_PER_DAY, RuleCode.TOO_MANY_PER_HOUR),
        *(RuleCode.PATIENT_OVERLAP, RuleCode.PRACTITIONER_OVERLAP),
    ):
        assert found(day, code) == set()
        assert skipped(day, code) == {NotEvaluated.EXEMPT: 100}
    # A word that merely holds it is another word.
    other = run(many(61, 0.1, service_name="Elaborate consultation"))
    assert len(found(other, RuleCode.TOO_MANY_PER_DAY)) == 61


def test_a_department_has_limits_of_its_own() -> None:
    surgery = [
        appointment(8 + one / 4, f"A-{one}", f"P-{one}", department="Surgery") for one in range(30)
    ]
    claims = [claim(8 + one / 4, f"C-{one}", f"P-{one}", f"A-{one}") for one in range(30)]
    facts = a_day(surgery, claims)
    settings = Reports(per_day_of={"Surgery": 25}, per_hour_of={"Surgery": 3})
    assert found(judged(facts), RuleCode.TOO_MANY_PER_DAY) == set()
    assert len(found(judged(facts, settings), RuleCode.TOO_MANY_PER_DAY)) == 30
    assert len(found(judged(facts, settings), RuleCode.TOO_MANY_PER_HOUR)) == 30


def test_more_patients_within_an_hour_than_one_can_see() -> None:
    code = RuleCode.TOO_MANY_PER_HOUR
    # Five minutes apart twelve of them fit into an hour.
    assert found(run(many(40, 5 / 60)), code) == set()
    assert len(found(run(many(40, 4.5 / 60)), code)) == 40
    typed = run(many(40, 1 / 60, measured=False))
    assert (found(typed, code), skipped(typed, code)) == (set(), {NotEvaluated.ENTERED_TIME: 40})
    # Only the hour in question.
    calm = [claim(18 + one, f"X-{one}", f"P-{one}", None) for one in range(2)]
    assert found(run([*many(13, 1 / 20), *calm]), code) == {f"C-{one}" for one in range(13)}


def test_one_patient_with_two_practitioners_at_once() -> None:
    code = RuleCode.PATIENT_OVERLAP
    first = claim(10, "C-1", of=None)
    assert found(
        run([first, claim(10 + 2 / 60, "C-2", of=None, practitioner_ref="D-2")]), code
    ) == {
        "C-1",
        "C-2",
    }
    for other in (
        claim(10 + 3 / 60, "C-2", of=None, practitioner_ref="D-2"),
        claim(10, "C-2", of=None),
        claim(10, "C-2", "P-2", of=None, practitioner_ref="D-2"),
        claim(10, "C-2", of=None, practitioner_ref="D-2", measured=False),
        claim(10, "C-2", of=None, practitioner_ref="D-2", place=Place.REMOTE),
    ):
        assert found(run([first, other]), code) == set()


def test_one_practitioner_with_two_patients_at_once() -> None:
    code = RuleCode.PRACTITIONER_OVERLAP
    first = claim(10, "C-1", of=None)
    day = run([first, claim(10, "C-2", "P-2", None), claim(12, "C-3", "P-3", None)])
    assert found(day, code) == {"C-1", "C-2"}
    (finding,) = [one for one in day.claims[0].findings if one.code is code]
    assert finding.others == ("C-2",)
    assert finding.parameters == {"least_minutes": 3.0, "visits": 1}
    for other in (
        claim(10, "C-2", of=None),
        claim(10 + 3 / 60, "C-2", "P-2", None),
        claim(10, "C-2", "P-2", None, practitioner_ref="D-2"),
        claim(10, "C-2", "P-2", None, measured=False),
    ):
        assert found(run([first, other]), code) == set()


@pytest.mark.parametrize(
    ("hour", "stands_out"),
    [(7.4, True), (7.5, False), (12, False), (20.4, False), (20.5, True), (23, True)],
)
def test_outside_the_opening_hours(hour: float, stands_out: bool) -> None:
    code = RuleCode.OUTSIDE_HOURS
    assert bool(found(run([claim(hour, of=None)]), code)) is stands_out
    typed = run([claim(hour, of=None, measured=False)])
    assert (found(typed, code), skipped(typed, code)) == (set(), {NotEvaluated.ENTERED_TIME: 1})
    home = run([claim(hour, of=None, place=Place.HOME)])
    assert skipped(home, code) == {NotEvaluated.NOT_AT_SITE: 1}
    unknown = run([claim(hour, of=None)], premises=dataclasses.replace(PREMISES, hours={}))
    assert skipped(unknown, code) == {NotEvaluated.NOT_SET: 1}
    # A day without hours, in a week that has some, is a day off.
    sunday = DAY - timedelta(days=1)
    off = judged(a_day(claims=[claim(hour - 24, of=None)], day=sunday))
    assert found(off, code) == {"C-1"}


def test_on_a_holiday() -> None:
    code = RuleCode.ON_HOLIDAY
    assert found(run([claim(of=None)], premises=CLOSED), code) == {"C-1"}
    assert found(run([claim(of=None, measured=False)], premises=CLOSED), code) == {"C-1"}
    assert found(run([claim(23, of=None)], premises=CLOSED), RuleCode.OUTSIDE_HOURS) == set()
    assert found(run([claim(of=None, place=Place.HOME)], premises=CLOSED), code) == set()
    assert found(run([claim(of=None)], premises=OTHER_HOLIDAYS), code) == set()
    assert skipped(run([claim(of=None)]), code) == {NotEvaluated.NOT_SET: 1}


@pytest.mark.parametrize(("days", "stands_out"), [(0, False), (1, True), (-1, False)])
def test_a_patient_who_had_died(days: int, stands_out: bool) -> None:
    dead = patient(deceased_on=DAY - timedelta(days=days))
    day = judged(a_day(claims=[claim(of=None)], patients=[dead]))
    assert bool(found(day, RuleCode.PATIENT_DECEASED)) is stands_out


@pytest.mark.parametrize(
    ("since", "until", "stands_out"),
    [
        (DAY, DAY, False),
        (DAY + timedelta(days=1), None, True),
        (None, DAY - timedelta(days=1), True),
        (DAY - timedelta(days=900), None, False),
        (None, None, None),
    ],
)
def test_a_patient_who_was_not_attached(
    since: date | None, until: date | None, stands_out: bool | None
) -> None:
    code = RuleCode.PATIENT_NOT_ATTACHED
    one = patient(attached_from=since, attached_to=until)
    facts = a_day(claims=[claim(of=None, payer="fund")], patients=[one])
    day = judged(facts)
    assert bool(found(day, code)) is bool(stands_out)
    unknown = {NotEvaluated.PATIENT_UNKNOWN: 1} if stands_out is None else {}
    assert skipped(day, code) == unknown
    private = judged(facts, Reports(attachment_payers=("another",)))
    assert skipped(private, code) == {NotEvaluated.EXEMPT: 1}
    assert found(judged(facts, Reports(attachment_payers=("fund",))), code) == found(day, code)


FITS = Reports(fits={"F": "female", "F1": "female 18-49", "K": "0-17", "o": "65-"})


@pytest.mark.parametrize(
    ("service", "sex", "born", "sex_found", "age_found"),
    [
        ("F0", "male", None, True, False),
        ("f0", "female", None, False, False),
        ("F0", None, None, None, False),
        ("F10", "female", date(2008, 11, 23), False, False),
        ("F10", "female", date(2008, 11, 24), False, True),
        ("F10", "male", date(1950, 1, 1), True, True),
        ("F10", "female", None, False, None),
        ("K1", "male", date(2008, 11, 24), False, False),
        ("K1", "male", date(2008, 11, 23), False, True),
        ("O1", "male", date(1961, 11, 24), False, True),
        ("O1", "male", date(1961, 11, 23), False, False),
        ("S1", None, None, False, False),
    ],
)
def test_services_that_are_for_somebody_else(
    service: str,
    sex: str | None,
    born: date | None,
    sex_found: bool | None,
    age_found: bool | None,
) -> None:
    one = patient(sex=sex, birth_date=born)
    facts = a_day(claims=[claim(of=None, service_code=service)], patients=[one])
    day = judged(facts, FITS)
    for code, wanted in ((RuleCode.WRONG_SEX, sex_found), (RuleCode.WRONG_AGE, age_found)):
        assert bool(found(day, code)) is bool(wanted)
        assert bool(skipped(day, code)) is (wanted is None)
        assert skipped(judged(facts), code) == {NotEvaluated.NOT_SET: 1}


@pytest.mark.parametrize(
    ("first_step", "stands_out"),
    [(-3, False), (0, False), (3, True), (-200, None), (200, None), (None, None)],
)
def test_steps_of_a_screening(first_step: int | None, stands_out: bool | None) -> None:
    code = RuleCode.SCREENING_ORDER
    settings = Reports(screenings={"cervical": ("S1", "S2", "S3")})
    second = claim(of=None, service_code="S2")
    steps = [ScreeningStep("S2", DAY, "C-1")]
    if first_step is not None:
        steps.append(ScreeningStep("S1", DAY + timedelta(days=first_step), "C-0"))
    facts = a_day(claims=[second], steps={number("P-1"): tuple(steps)})
    day = judged(facts, settings)
    assert bool(found(day, code)) is bool(stands_out)
    assert bool(skipped(day, code)) is (stands_out is None)
    assert skipped(judged(facts), code) == {NotEvaluated.NOT_SET: 1}
    if stands_out:
        (finding,) = day.claims[0].findings
        assert finding.others == ("C-0",)


def test_a_repeated_step_after_the_right_one_is_in_order() -> None:
    settings = Reports(screenings={"cervical": ("S1", "S2")})
    steps = tuple(ScreeningStep("S1", DAY + timedelta(days=days), "C-0") for days in (-5, 5))
    facts = a_day(claims=[claim(of=None, service_code="S2")], steps={number("P-1"): steps})
    assert found(judged(facts, settings), RuleCode.SCREENING_ORDER) == set()


def test_the_same_service_twice() -> None:
    code = RuleCode.DUPLICATE
    twice = [claim(10, "C-1", of=None), claim(15, "C-2", of=None, practitioner_ref="D-2")]
    day = run(twice)
    assert found(day, code) == {"C-2"}
    (finding,) = day.claims[1].findings
    assert finding.others == ("C-1",)
    assert finding.parameters == {"times": 2, "most": 1}
    assert found(run(twice, Reports(times_per_day=2)), code) == set()
    assert skipped(run(twice, Reports(repeatable=("s",))), code) == {NotEvaluated.EXEMPT: 2}
    for other in (claim(15, "C-2", "P-2", None), claim(15, "C-2", of=None, service_code="S2")):
        assert found(run([twice[0], other]), code) == set()


def test_one_arrival_serves_three_practitioners_and_no_more() -> None:
    code = RuleCode.ONE_ARRIVAL

    def served(practitioners: int) -> VisitDay:
        claims = [
            claim(10 + one / 2, f"C-{one}", of="A-1" if one == 0 else None,
                  practitioner_ref=f"D-{one}", service_code=f"S{one}")
            for one in range(practitioners)
        ]  # fmt: skip
        return a_day([appointment()], claims, [evidence()])

    assert found(judged(served(3)), code) == set()
    assert found(judged(served(4)), code) == {"C-0", "C-1", "C-2", "C-3"}
    again = dataclasses.replace(served(4), evidence=(evidence(), evidence(10.9, of=None)))
    # A second sighting is another arrival only for what the first one does not reach.
    assert len(found(judged(again), code)) == 4
    without = judged(a_day(claims=[claim(of=None)]))
    assert skipped(without, code) == {NotEvaluated.NO_EVIDENCE: 1}


def test_a_typed_time_says_not_which_arrival_a_claim_rests_on() -> None:
    code = RuleCode.ONE_ARRIVAL
    typed = [
        claim(10 + one, f"C-{one}", of=None, measured=False, practitioner_ref=f"D-{one}")
        for one in range(5)
    ]
    once = judged(a_day([appointment()], typed, [evidence()]))
    assert len(found(once, code)) == 5
    came_again = [evidence(), evidence(15, of=None)]
    again = judged(a_day([appointment()], typed, came_again))
    assert found(again, code) == set()
    assert skipped(again, code) == {NotEvaluated.ENTERED_TIME: 5}
    measured = [replace(one, service=replace(one.service, appointment_ref="A-1"),
                             appointment_id=number("A-1")) for one in typed]  # fmt: skip
    # What goes with an appointment rests on that one's arrival, whatever was typed.
    assert len(found(judged(a_day([appointment()], measured, came_again)), code)) == 5


def test_billed_at_home_and_booked_at_the_site_is_for_a_look() -> None:
    code = RuleCode.BILLED_ELSEWHERE
    day = judged(a_day([appointment()], [claim(place=Place.HOME)]))
    (finding,) = day.claims[0].findings
    assert (finding.code, finding.parameters) == (code, {"place": "home"})
    assert code.information_only
    assert day.claims[0].verdict.not_applicable is NotApplicable.HOME
    for booked, billed in (
        ([appointment()], claim()),
        ([appointment()], claim(place=Place.SITE)),
        ([appointment(place=Place.REMOTE)], claim(place=Place.HOME)),
    ):
        fine = judged(a_day(booked, [billed]))
        assert found(fine, code) == set()
        assert fine.summaries[code].evaluated == 1
    for alone in (claim(of=None, place=Place.HOME), claim(who="P-2", place=Place.HOME)):
        assert skipped(judged(a_day([appointment()], [alone])), code) == {
            NotEvaluated.NO_APPOINTMENT: 1
        }


def test_a_wrong_appointment_is_for_a_look() -> None:
    code = RuleCode.WRONG_APPOINTMENT
    assert code.information_only
    yesterday = appointment(-14, "A-0")
    for billed, said in (
        (claim(of="A-9"), {"absent": "A-9"}),
        (claim(who="P-2"), {"of_another": "A-1"}),
        (claim(of="A-0"), {"other_day": DAY - timedelta(days=1)}),
    ):
        facts = dataclasses.replace(
            a_day([appointment()], [billed]), elsewhere={number("A-0"): yesterday}
        )
        (finding,) = judged(facts).claims[0].findings
        assert (finding.code, finding.parameters) == (code, said)
    assert found(judged(a_day([appointment()], [claim()])), code) == set()
    # The last and the first minute of the day are of it.
    for hour in (0, 23.98):
        facts = a_day([appointment(hour)], [claim(hour)])
        assert found(judged(facts), code) == set()
    assert skipped(run([claim(of=None)]), code) == {NotEvaluated.NO_APPOINTMENT: 1}


def test_another_practitioner_or_room_is_information() -> None:
    code = RuleCode.SUBSTITUTED
    booked = [appointment(room="12")]
    facts = a_day(booked, [claim(practitioner_ref="D-2", room="14")])
    day = judged(facts)
    (finding,) = day.claims[0].findings
    assert finding.parameters == {
        "practitioner": "D-2", "booked": "D-1", "room": "14", "booked_room": "12",
    }  # fmt: skip
    assert code.information_only
    assert found(judged(a_day(booked, [claim()])), code) == set()
    assert skipped(run([claim(of=None)]), code) == {NotEvaluated.NO_APPOINTMENT: 1}


def test_every_rule_counts_every_claim() -> None:
    """Looked at or not, and why not: nothing is left out silently."""
    settings = Reports(fits={"S": "female"}, screenings={"one": ("S1", "S2")})
    claims = [
        *many(20, 0.02),
        *(claim(9 + one, f"E-{one}", f"P-{one}", None, measured=False) for one in range(3)),
        claim(3, "C-30", of=None, place=Place.HOME, service_code="S2"),
        claim(3, "C-31", of=None, service_name="vaccination"),
    ]
    facts = a_day([appointment()], claims, [evidence()])
    for premises in (PREMISES, CLOSED):
        day = judged(facts, settings, premises)
        for code, summary in day.summaries.items():
            counted = summary.evaluated + sum(summary.not_evaluated.values())
            assert counted == len(facts.claims), code
            assert summary.found == len(found(day, code)), code


@pytest.mark.parametrize("code", [one for one in RuleCode if one is not RuleCode.WEAK_EVIDENCE])
def test_a_rule_can_be_switched_off(code: RuleCode) -> None:
    day = run(many(100, 0.001), Reports(rules_off=(code.value,)), CLOSED)
    assert found(day, code) == set()
    assert skipped(day, code) == {NotEvaluated.SWITCHED_OFF: 100}


def test_settings_and_rules_have_the_same_names() -> None:
    assert set(RULES) == {code.value for code in RuleCode}


def test_what_explains_a_finding_names_no_patient() -> None:
    settings = Reports(fits={"S": "female"})
    day = judged(a_day(claims=many(61, 0.01), patients=[patient(sex="male")]), settings, CLOSED)
    for one in day.claims:
        for finding in one.findings:
            assert all(
                isinstance(value, get_args(Parameter)) for value in finding.parameters.values()
            )
            assert one.patient.patient_ref not in map(str, finding.parameters.values())


def test_summaries_add_up() -> None:
    one = RuleSummary(RuleCode.DUPLICATE, 3, 1, {NotEvaluated.EXEMPT: 2})
    other = RuleSummary(RuleCode.DUPLICATE, 1, 0, {NotEvaluated.EXEMPT: 1, NotEvaluated.NOT_SET: 4})
    assert one + other == RuleSummary(
        RuleCode.DUPLICATE, 4, 1, {NotEvaluated.EXEMPT: 3, NotEvaluated.NOT_SET: 4}
    )
    with pytest.raises(ValueError, match="different rules"):
        _ = one + RuleSummary(RuleCode.SUBSTITUTED)
