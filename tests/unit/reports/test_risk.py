"""What is beyond chance: probabilities against SciPy's own test, and who is at risk for it."""

from random import Random
from typing import Any

import pytest
from msgspec.structs import replace
from scipy.stats import binomtest, false_discovery_control

from config.settings import Reports
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.check_in import EvidenceGrade
from streamer.domain.rule_code import RuleCode
from streamer.domain.rule_summary import NotEvaluated
from streamer.reports.risk import PeriodRisk
from streamer.reports.statistics import binomial_tail, false_discovery_rates
from streamer.reports.visit_counts import Count, VisitCounts
from tests.unit.reports.facts import (
    a_day,
    appointment,
    claim,
    evidence,
    interval,
    judged,
    patient,
    uptime,
)


@pytest.mark.parametrize("seed", range(30))
def test_the_tail_is_the_exact_binomial_test(seed: int) -> None:
    draw = Random(seed)
    trials = draw.choice((50, 200, 5000))
    successes, probability = draw.randrange(trials + 1), draw.choice((0.01, 0.06, 0.5))
    wanted = binomtest(successes, trials, probability, alternative="greater").pvalue
    assert binomial_tail(successes, trials, probability) == pytest.approx(wanted, rel=1e-9)


def test_the_ends_of_the_tail() -> None:
    assert binomial_tail(0, 50, 0.1) == 1
    assert binomial_tail(50, 50, 1) == 1
    assert binomial_tail(1, 50, 0) == 0
    with pytest.raises(ValueError, match="out of range"):
        binomial_tail(51, 50, 0.1)


@pytest.mark.parametrize("seed", range(10))
def test_false_discovery_rates_are_benjaminis_and_hochbergs(seed: int) -> None:
    draw = Random(seed)
    given = [draw.random() ** 3 for _ in range(draw.randrange(1, 40))]
    assert false_discovery_rates(given) == pytest.approx(false_discovery_control(given))
    assert false_discovery_rates([]) == []


Counts = dict[tuple[str, bool], tuple[int, ...]]


def period(counts: Counts, **settings: Any) -> PeriodRisk:
    return PeriodRisk({key: Count(*value) for key, value in counts.items()}, Reports(**settings))


HONEST: Counts = {(f"D-{one}", True): (470, 30) for one in range(20)}


def test_a_practitioner_above_the_site_stands_out_and_nobody_else() -> None:
    risk = period(HONEST | {("D-X", True): (80, 20)})
    above = [one.practitioner_ref for one in risk.rates if one.above]
    assert above == ["D-X"]
    (found,) = (one for one in risk.rates if one.above)
    assert (found.visits, found.unverified) == (100, 20)
    assert found.q_value is not None
    assert found.p_value is not None
    assert found.p_value <= found.q_value <= 0.01


def test_fewer_than_fifty_visits_are_compared_with_nobody() -> None:
    for visits, compared in ((49, False), (50, True)):
        risk = period(HONEST | {("D-X", True): (0, visits)})
        (one,) = (rate for rate in risk.rates if rate.practitioner_ref == "D-X")
        assert one.above is compared
        assert (one.p_value is not None) is compared


def test_enrolled_and_other_patients_are_compared_apart() -> None:
    """Who has more patients without a face has more visits without evidence, and is not worse."""
    groups: Counts = {(f"D-{one}", False): (350, 150) for one in range(20)}
    mixed: Counts = {
        ("D-X", True): (94, 6),
        ("D-X", False): (140, 60),
    }
    risk = period(HONEST | groups | mixed)
    assert not any(one.above for one in risk.rates)
    # Together they would stand out: 66 of 300 against the site's 6 %.
    assert period(HONEST | {("D-X", True): (234, 66)}).rates[-1].above


def test_by_chance_hardly_anybody_stands_out() -> None:
    """Three hundred sites of 40 practitioners who are all alike: one in a hundred may err."""
    draw = Random(3)
    wrong = 0
    for _ in range(300):
        counts: Counts = {}
        for one in range(40):
            unverified = sum(draw.random() < 0.06 for _ in range(80))
            counts[f"D-{one}", True] = (80 - unverified, unverified)
        wrong += any(one.above for one in period(counts).rates)
    assert wrong <= 6


def test_unverified_alone_puts_nothing_at_risk() -> None:
    facts = a_day([appointment()], [claim()])
    day = judged(facts)
    counted = VisitCounts()
    counted.add(day)
    assert counted.counts["D-1", True] == Count(0, 1, 0)
    assert PeriodRisk(counted.counts, Reports()).of(day.claims[0]) is None


def test_what_a_risk_rests_on() -> None:
    risk = period({("D-2", True): (5000, 0), ("D-1", True): (20, 40)})
    day = judged(a_day([appointment()], [claim()]))
    found = risk.of(day.claims[0])
    assert found is not None
    assert (found.certain, found.findings) == (False, ())
    assert found.rate is not None
    assert found.rate.practitioner_ref == "D-1"
    # What has evidence, or of which nothing is known, is not.
    with_evidence = judged(a_day([appointment()], [claim()], [evidence()]))
    assert risk.of(with_evidence.claims[0]) is None
    down = uptime([interval(0, 3)])
    assert risk.of(judged(a_day([appointment()], [claim()]), covered=down).claims[0]) is None
    others = a_day([appointment()], [claim()], patients=[patient(enrolled=False)])
    assert risk.of(judged(others).claims[0]) is None
    # A rule is certain, with evidence or without; information is none.
    twice = judged(a_day([appointment()], [claim(), claim(11, "C-2")], [evidence()]))
    second = risk.of(twice.claims[1])
    assert second is not None
    assert second.certain
    stand_in = judged(a_day([appointment()], [claim(practitioner_ref="D-9")], [evidence()]))
    assert [one.code for one in stand_in.claims[0].findings] == [RuleCode.SUBSTITUTED]
    assert risk.of(stand_in.claims[0]) is None


def test_a_visit_counts_once_whatever_was_billed_for_it() -> None:
    counted = VisitCounts()
    claims = [claim(10 + one / 4, f"C-{one}", service_code=f"S{one}") for one in range(3)]
    counted.add(judged(a_day([appointment()], claims)))
    assert counted.counts["D-1", True].visits == 1
    # One without anything billed counts if the clinic says that it was.
    for status, visits in ((AppointmentStatus.FULFILLED, 1), (AppointmentStatus.BOOKED, 0)):
        counted = VisitCounts()
        counted.add(judged(a_day([appointment(status=status)])))
        assert sum(one.visits for one in counted.counts.values()) == visits
    # Of which something is unknown it is not `unverified`.
    counted = VisitCounts()
    late = claim(21.5, "C-2", of=None)
    covered = uptime([interval(0, 21)])
    counted.add(judged(a_day([appointment()], [claim(), late]), covered=covered))
    assert counted.counts == {}


def test_weak_evidence_once_it_is_fair() -> None:
    honest: Counts = {(f"D-{one}", True): (470, 30, 40) for one in range(10)}
    crooked: Counts = {("D-1", True): (100, 5, 40)}
    day = judged(a_day([appointment()], [claim()], [evidence(grade=EvidenceGrade.MANUAL)]))
    one = day.claims[0]
    found = period(honest | crooked).of(one)
    assert found is not None
    (finding,) = found.findings
    assert finding.code is RuleCode.WEAK_EVIDENCE
    assert finding.parameters == {
        "practitioner": "D-1", "weak": 40, "visits": 100, "share": 0.4, "most": 0.15,
    }  # fmt: skip
    # Not where few are enrolled, not beyond chance, not with few visits, not switched off.
    few: Counts = {(ref, False): count for (ref, _), count in (honest | crooked).items()}
    assert period(few).of(one) is None
    assert period(few).weak_evidence.skipped(one) is NotEvaluated.NOT_FAIR_YET
    assert period(honest | {("D-1", True): (100, 5, 18)}).of(one) is None
    assert period(honest | {("D-1", True): (40, 5, 30)}).weak_evidence.skipped(one) is (
        NotEvaluated.TOO_FEW
    )
    off = period(honest | crooked, rules_off=("weak_evidence",))
    assert off.of(one) is None
    # And only what rests on such evidence.
    by_face = judged(a_day([appointment()], [claim()], [evidence()]))
    assert period(honest | crooked).of(by_face.claims[0]) is None
    nobody = judged(a_day([appointment()], [claim()]))
    assert period(honest | crooked).weak_evidence.skipped(nobody.claims[0]) is (
        NotEvaluated.NO_EVIDENCE
    )
    replaced = replace(one, verdict=replace(one.verdict, grade=None))
    assert period(honest | crooked).of(replaced) is None
