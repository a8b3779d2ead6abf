"""A made-up quarter, planted with everything: each case gets what is true of it, and nobody else.

The same quarter, six times as large and in a database, is in `tests/integration/storage`.
"""

import dataclasses
from collections import Counter
from datetime import date

import pytest

from streamer.bench.reports.made_period import CROOKED, PHANTOMS, Maker, honest_visits
from streamer.bench.reports.made_site import PREMISES, REPORTS
from streamer.bench.reports.planted_cases import plant
from streamer.domain.coverage import UnknownCause
from streamer.domain.judged_day import JudgedDay
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import VerdictKind
from streamer.reports.coverage import SiteUptime
from streamer.reports.judge import Judge
from streamer.reports.report_rows import claim_row
from streamer.reports.risk import PeriodRisk
from streamer.reports.row_json import lines_of, row_of
from streamer.reports.visit_counts import VisitCounts


@pytest.fixture(scope="module")
def maker() -> Maker:
    made = Maker(date(2026, 7, 1), 92, seed=9)
    honest_visits(made, 5_000)
    plant(made)
    return made


@pytest.fixture(scope="module")
def days(maker: Maker) -> list[JudgedDay]:
    period = maker.period
    uptime = SiteUptime(PREMISES, period.uptime, {}, period.uptime[-1].ended_at)
    premises = dataclasses.replace(PREMISES, holidays=frozenset({maker.holiday}))
    judge = Judge(premises, REPORTS, uptime)
    return [judge.day(one) for one in period.visit_days()]


@pytest.fixture(scope="module")
def risk(days: list[JudgedDay]) -> PeriodRisk:
    counted = VisitCounts()
    for one in days:
        counted.add(one)
    return PeriodRisk(counted.counts, REPORTS)


def test_every_claim_and_appointment_has_its_verdict(maker: Maker, days: list[JudgedDay]) -> None:
    expected = maker.period.expected
    wrong: Counter[tuple[str, object, object]] = Counter()
    for day in days:
        judged = [(one.appointment.appointment_id, one.verdict) for one in day.appointments]
        judged += [(one.claim.claim_id, one.verdict) for one in day.claims]
        for made, verdict in judged:
            wanted = expected[made]
            if (verdict.kind, verdict.cause) != (wanted.kind, wanted.cause):
                wrong[wanted.case, (wanted.kind, wanted.cause), (verdict.kind, verdict.cause)] += 1
    assert not wrong, wrong.most_common(10)


def test_every_rule_finds_its_case_and_no_other(maker: Maker, days: list[JudgedDay]) -> None:
    seen: Counter[RuleCode] = Counter()
    for day in days:
        for one in day.claims:
            wanted = maker.period.expected[one.claim.claim_id]
            found = frozenset(finding.code for finding in one.findings)
            assert found == wanted.codes, (wanted.case, found)
            seen.update(found)
            if found:
                # Days stay days, and references text, whatever the rule says of them.
                row = claim_row(one, ())
                assert row_of(lines_of([row])) == row
    assert set(seen) == set(RuleCode) - {RuleCode.WEAK_EVIDENCE}


def test_who_is_at_risk(maker: Maker, days: list[JudgedDay], risk: PeriodRisk) -> None:
    wrong: Counter[tuple[str, bool]] = Counter()
    cases: Counter[str] = Counter()
    for day in days:
        for one in day.claims:
            wanted = maker.period.expected[one.claim.claim_id]
            found = risk.of(one) is not None
            cases[wanted.case] += found
            # Whoever is unverified with the crooked one is at risk, whatever was true of them.
            if found is not wanted.at_risk:
                wrong[wanted.case, found] += 1
    assert not wrong
    assert cases["honest"] == cases["single_phantom"] == cases["own_evidence"] == 0
    assert cases["phantom_practitioner"] > 200
    assert {one.practitioner_ref for one in risk.rates if one.above} == {*PHANTOMS, CROOKED}
    assert risk.weak_evidence.above == {"R-WEAK"}


def test_an_outage_accuses_nobody(maker: Maker, days: list[JudgedDay]) -> None:
    touched = 0
    for day in days:
        for one in day.appointments:
            at = one.appointment.starts_at
            if one.verdict.kind in (VerdictKind.VERIFIED, VerdictKind.NOT_APPLICABLE):
                continue
            if any(outage.begin <= at < outage.end for outage in maker.period.outages):
                assert one.verdict.kind is VerdictKind.UNKNOWN
                touched += 1
    assert touched > 50


def test_honest_visits_without_evidence_are_as_many_as_in_the_pilot(days: list[JudgedDay]) -> None:
    counts: Counter[VerdictKind] = Counter()
    causes: Counter[UnknownCause | None] = Counter()
    for day in days:
        for one in day.appointments:
            if one.appointment.practitioner_ref.startswith("D-"):
                counts[one.verdict.kind] += 1
                causes[one.verdict.cause] += 1
    share = counts[VerdictKind.UNVERIFIED] / sum(counts.values())
    assert 0.03 < share < 0.07
    for cause in (
        *(UnknownCause.CAMERA_DOWN, UnknownCause.CAMERA_DEGRADED, UnknownCause.SERVICE_DOWN),
        *(UnknownCause.OUTSIDE_COVERAGE, UnknownCause.NOT_KNOWN_THEN),
    ):
        assert causes[cause] > 0, cause
