"""A period's facts as they are read: a made-up quarter, judged from the database.

What is counted is counted again by SQL that knows nothing of the code.
"""

import dataclasses
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal

from streamer.bench.reports.made_period import CROOKED, PHANTOMS, Maker, honest_visits
from streamer.bench.reports.made_site import LOBBY_CAMERAS, PREMISES, REPORTS
from streamer.bench.reports.planted_cases import OWN, plant
from streamer.bench.reports.write_period import write_period
from streamer.domain.judged_day import JudgedDay
from streamer.domain.report_wants import ReportWants
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import VerdictGrade, VerdictKind
from streamer.reports.coverage import SiteUptime
from streamer.reports.judge import Judge
from streamer.reports.risk import PeriodRisk
from streamer.reports.visit_counts import VisitCounts
from streamer.storage.visit_days import OpenPeriod, VisitDays
from tests.integration.storage.clinic import SITE, ZONE, Clinic

WANTS = ReportWants(
    after=timedelta(hours=12),
    profile_codes=tuple(code.casefold() for code in REPORTS.fits),
    screening_codes=frozenset(REPORTS.screenings["cervical"]),
    buildings={camera: camera.split("-")[0].replace("lobby", "main") for camera in LOBBY_CAMERAS},
    producers={"Own": (OWN,)},
)


async def quarter(clinic: Clinic, appointments: int) -> Maker:
    maker = Maker(date(2026, 7, 1), 92, seed=9)
    honest_visits(maker, appointments)
    plant(maker)
    await write_period(clinic.database, SITE.id, maker)
    return maker


async def judged(clinic: Clinic, maker: Maker) -> AsyncIterator[JudgedDay]:
    base = clinic.database
    reader = VisitDays(base.postgres, SITE.id, ZONE)
    period = (maker.period.days[0], maker.period.days[-1])
    premises = dataclasses.replace(PREMISES, holidays=frozenset({maker.holiday}))
    async with reader.opened(period, WANTS) as facts:
        judge = await _judge(facts, maker, premises)
        traits = await facts.traits(base.vault)
        for day in maker.period.days:
            yield judge.day(await facts.day(day, traits))


async def _judge(facts: OpenPeriod, maker: Maker, premises: object) -> Judge:
    covered = await facts.uptime()
    assert isinstance(premises, type(PREMISES))
    uptime = SiteUptime(
        premises, covered.intervals, covered.first_seen, maker.period.uptime[-1].ended_at
    )
    return Judge(premises, REPORTS, uptime)


async def _check(clinic: Clinic, maker: Maker) -> None:
    """Every case, and every sum."""
    days = [day async for day in judged(clinic, maker)]
    counted = VisitCounts()
    for day in days:
        counted.add(day)
    risk = PeriodRisk(counted.counts, REPORTS)
    wrong: Counter[object] = Counter()
    for day in days:
        for one in day.appointments:
            wanted = maker.period.expected[one.appointment.appointment_id]
            if (one.verdict.kind, one.verdict.cause) != (wanted.kind, wanted.cause):
                wrong[wanted.case, one.verdict.kind, one.verdict.cause] += 1
        for claim in day.claims:
            wanted = maker.period.expected[claim.claim.claim_id]
            codes = frozenset(finding.code for finding in claim.findings)
            found = (claim.verdict.kind, claim.verdict.cause, codes, risk.of(claim) is not None)
            if found != (wanted.kind, wanted.cause, wanted.codes, wanted.at_risk):
                wrong[wanted.case, *found] += 1
    assert not wrong, wrong.most_common(5)
    above = {one.practitioner_ref for one in risk.rates if one.above}
    assert above == {*PHANTOMS, CROOKED}
    await _sums(clinic, days, risk)


async def _sums(clinic: Clinic, days: list[JudgedDay], risk: PeriodRisk) -> None:
    appointments = [one for day in days for one in day.appointments]
    claims = [one for day in days for one in day.claims]
    amounts = sum((one.claim.service.amount for one in claims), Decimal(0))
    assert await clinic.row("SELECT count(*), sum(amount) FROM claims") == (len(claims), amounts)
    own = Counter(
        one.verdict.grade.value
        for one in appointments
        if one.verdict.grade not in (None, VerdictGrade.SAME_DAY)
    )
    assert dict(own) == await _by_sql(clinic, _OWN_GRADES)
    kinds = Counter(one.verdict.kind.value for one in appointments)
    assert dict(kinds) == await _by_sql(clinic, _KINDS)
    by_rule = Counter(finding.code for one in claims for finding in one.findings)
    assert {code: day_total(days, code) for code in by_rule} == by_rule
    at_risk = [one for one in claims if risk.of(one) is not None]
    certain = [one for one in at_risk if (found := risk.of(one)) is not None and found.certain]
    assert 0 < len(certain) < len(at_risk) < len(claims) / 4


def day_total(days: list[JudgedDay], code: RuleCode) -> int:
    return sum(day.summaries[code].found for day in days)


async def _by_sql(clinic: Clinic, statement: str) -> dict[str, int]:
    async with clinic.as_owner() as connection:
        rows = await connection.fetch(statement)
    return {row[0]: row[1] for row in rows}


# The best grade of an appointment's own evidence, whoever bills left aside.
_OWN_GRADES = """
    WITH evidence AS (
        SELECT appointment_id, evidence AS grade FROM check_ins
        WHERE undone_at IS NULL AND decided_by IS DISTINCT FROM 'own'
        UNION ALL SELECT appointment_id, evidence FROM presences
        UNION ALL SELECT a.appointment_id, CASE method WHEN 'face_id' THEN 'face' ELSE 'egov' END
        FROM confirmations c JOIN appointments a USING (site_id, appointment_ref)
    )
    SELECT grade, count(*) FROM (
        SELECT DISTINCT ON (appointment_id) appointment_id, grade
        FROM evidence JOIN appointments USING (appointment_id) WHERE place = 'site'
        ORDER BY appointment_id, array_position(
            ARRAY['face','egov','code','desk_code','guardian','manual'], grade)
    ) AS best GROUP BY grade
"""

# Coverage by ranges: what both cameras of the main building streamed of a window, after the
# appointment was known; of the annex nothing is.
_KINDS = """
    WITH streamed AS (
        SELECT range_agg(tstzrange(started_at, ended_at)) FILTER (WHERE camera_id = 'lobby-1')
             * range_agg(tstzrange(started_at, ended_at)) FILTER (WHERE camera_id = 'lobby-2')
               AS spans
        FROM camera_uptime WHERE state = 'streaming'
    ), visits AS (
        SELECT a.*, EXISTS (SELECT FROM check_ins c WHERE c.appointment_id = a.appointment_id
                            AND decided_by IS DISTINCT FROM 'own')
            OR EXISTS (SELECT FROM presences p WHERE p.appointment_id = a.appointment_id)
            OR EXISTS (SELECT FROM confirmations f WHERE f.appointment_ref = a.appointment_ref)
               AS seen,
            (SELECT sum(extract(epoch FROM upper(span) - lower(span)))
             FROM streamed, unnest(spans * tstzmultirange(tstzrange(
                 greatest(starts_at - interval '2 hours', least(recorded_at,
                          starts_at + interval '30 minutes')),
                 starts_at + interval '30 minutes'))) AS span) / 9000 AS share,
            EXISTS (SELECT FROM reviews r WHERE a.appointment_id = ANY (appointment_ids)
                    AND decision = 'expired') AS waited
        FROM appointments a
    )
    SELECT CASE WHEN place <> 'site' THEN 'not_applicable'
                WHEN seen THEN 'verified'
                WHEN status IN ('noshow', 'cancelled') THEN 'not_applicable'
                WHEN building = 'annex' OR waited OR coalesce(share, 0) < 0.95 THEN 'unknown'
                ELSE 'unverified' END AS kind, count(*)
    FROM visits GROUP BY kind
"""


async def test_a_small_quarter_from_the_database(clinic: Clinic) -> None:
    await _check(clinic, await quarter(clinic, 3_000))


async def test_what_is_written_meanwhile_belongs_to_the_next_report(clinic: Clinic) -> None:
    maker = await quarter(clinic, 100)
    base = clinic.database
    reader = VisitDays(base.postgres, SITE.id, ZONE)
    period = (maker.period.days[0], maker.period.days[-1])
    async with reader.opened(period, WANTS) as facts:
        first = await facts.day(maker.working[1], {})
        assert first.claims
        await clinic.execute("UPDATE claims SET amount = 0")
        again = await facts.day(maker.working[1], {})
    assert again.claims == first.claims
    async with reader.opened(period, WANTS) as facts:
        later = await facts.day(maker.working[1], {})
    assert {one.service.amount for one in later.claims} == {Decimal(0)}


async def test_an_open_interval_holds_until_its_last_heartbeat(clinic: Clinic) -> None:
    maker = await quarter(clinic, 100)
    last = maker.period.uptime[-1].ended_at
    await clinic.execute(
        "UPDATE camera_uptime SET ended_at = NULL, last_seen_at = $1 WHERE ended_at = $2",
        last - timedelta(days=3),
        last,
    )
    days = [day async for day in judged(clinic, maker)]
    # The last days of the period lie after it.
    kinds = {
        one.verdict.kind
        for one in days[-1].appointments
        if one.verdict.kind in (VerdictKind.UNVERIFIED, VerdictKind.UNKNOWN)
    }
    assert kinds <= {VerdictKind.UNKNOWN}
