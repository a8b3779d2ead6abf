"""Reports as they are kept: whole or not at all, one revision after the other, never changed."""

import asyncio
import hashlib
import io
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.settings import Database as Limits
from streamer.backend import Backend
from streamer.bench.reports.made_period import CROOKED, PHANTOMS, Maker
from streamer.commands.report_verify import report_file
from streamer.domain.actor import Actor
from streamer.domain.report.figures import VerdictFigures
from streamer.domain.report.period import Period, PeriodKind
from streamer.domain.report.revision import ReportState, Revision
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.report.scope import Scope, ScopeKind
from streamer.domain.rule_code import RuleCode
from streamer.domain.verdict import VerdictGrade, VerdictKind
from streamer.errors import AuditError, DatabaseError, InputError
from streamer.reporting.runs import ReportRuns
from streamer.reports.call_backs import draw, may_be_asked
from streamer.reports.report_file import file_digest, json_file
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.reports import OpenRevision
from tests.conftest import MakeDatabase
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic
from tests.integration.storage.conftest import empty
from tests.integration.storage.reporting import backend_of, rows_of, written
from tests.integration.storage.test_visit_days import _KINDS, _OWN_GRADES
from tests.servers import Databases, as_role, in_thread

JULY = Period.containing(PeriodKind.MONTH, date(2026, 7, 1))
QUARTER = Period.of(date(2026, 7, 1), date(2026, 9, 30))
NINA = Actor("nina")
TABLES = ("reports", "report_revisions", "report_days")


@pytest.fixture(scope="module")
def month(
    session_databases: Databases, migrated_url: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, Maker]:
    """A database with a month of everything, copied for each test; its key; what was made."""
    in_thread(lambda: empty(migrated_url))
    url = session_databases.create(migrated_url)
    key = tmp_path_factory.mktemp("month") / "kirdi.key"

    async def fill() -> Maker:
        async with open_database(
            as_role(url, DatabaseRole.SERVICE), Limits(), SITE, key
        ) as database:
            return await written(Clinic(database, FakeClock(NOW)), JULY, 300)

    made: list[Maker] = []

    async def keep() -> None:
        made.append(await fill())

    in_thread(keep)
    return url, key, made[0]


@pytest.fixture
def maker(month: tuple[str, Path, Maker]) -> Maker:
    return month[2]


@pytest.fixture
async def clinic(
    month: tuple[str, Path, Maker], make_database: MakeDatabase
) -> AsyncIterator[Clinic]:
    url = as_role(make_database(month[0]), DatabaseRole.SERVICE)
    async with open_database(url, Limits(), SITE, month[1]) as database:
        yield Clinic(database, FakeClock(NOW))


@pytest.fixture
def backend(clinic: Clinic, maker: Maker, tmp_path: Path) -> Backend:
    return backend_of(clinic, maker, tmp_path)


async def kept(clinic: Clinic) -> list[int]:
    return [await clinic.count(table) for table in TABLES]


async def late_claim(clinic: Clinic) -> None:
    """What was billed after the report: one more of somebody's services."""
    await clinic.execute(
        "INSERT INTO claims (claim_id, site_id, claim_ref, patient_id, practitioner_id,"
        " service_code, service_name, performed_at, amount, currency, time_precision, quantity)"
        " SELECT gen_random_uuid(), site_id, 'LATE-' || count(*) OVER (), patient_id,"
        " practitioner_id, 'L9', 'Late', performed_at, 100, 'USD', 'entered', 1"
        " FROM claims ORDER BY claim_ref LIMIT 1"
    )


async def test_a_revision_is_kept_with_its_rows(clinic: Clinic, backend: Backend) -> None:
    runs = ReportRuns(backend)
    told: list[tuple[int, int]] = []
    made = await runs.make(JULY, NINA, lambda done, of: told.append((done, of)))
    assert told[-1] == (JULY.days, JULY.days)
    assert (made.entry.number, made.entry.state) == (1, ReportState.PRELIMINARY)
    assert await runs.entries() == [made.entry]
    again = await runs.revision(made.entry.report_id)
    assert again == made
    rows, total = await rows_of(runs, again), made.report.total
    assert sum(row.kind is RowKind.APPOINTMENT for row in rows) == total.appointments > 300
    assert sum(row.certain for row in rows) == total.certain.claims > 0
    assert total.arrivals
    assert total.lateness is not None
    assert total.lateness.median < 0
    assert total.waiting is not None
    assert total.waiting.median > 0
    # Whoever has the rows draws the same.
    asked = [row for row in rows if may_be_asked(row)]
    drawn = sorted(draw(bytes.fromhex(made.report.seed), len(asked), 20))
    wanted = [asked[place].ref for place in drawn]
    assert [one.ref for one in made.report.call_backs] == wanted
    said = await clinic.row(
        "SELECT body::json ->> 'reason', body::json ->> 'actor' FROM audit_events"
        " WHERE kind = 'report'"
    )
    assert said == ("made", "nina")


async def test_what_has_not_changed_is_no_revision(
    clinic: Clinic, backend: Backend, tmp_path: Path
) -> None:
    runs = ReportRuns(backend)
    first = await runs.make(JULY, NINA)
    clinic.clock.advance(3600)
    assert await runs.make(JULY, NINA) == first
    await late_claim(clinic)
    # The clock is set back: revisions are in order all the same.
    clinic.clock.advance(-7200)
    second = await runs.make(JULY, NINA)
    assert (second.entry.number, second.entry.report_id) == (2, first.entry.report_id)
    assert second.entry.final_on == first.entry.final_on
    total = first.report.total.claims.total
    assert second.changes["claims.total"] == (total, total + 1)
    assert second.report.total.billed["USD"] == Decimal(100)
    kept = await runs.revision(first.entry.report_id)
    assert kept == second
    # The file that the maker writes is byte for byte that of what is kept.
    assert list(second.changes) == list(kept.changes)
    assert len(second.changes) > 1
    file = tmp_path / "second.json"
    file.write_bytes(b"".join(json_file(second, [day async for day in runs.rows(second)])))
    assert (await report_file(runs, file, NINA))[1] == []
    assert await runs.revision(first.entry.report_id, 1) == first
    # Once answers have ended the same content is another state, and that for ever.
    clinic.clock.advance(15 * 86_400)
    final = await runs.make(JULY, NINA)
    assert (final.entry.number, final.entry.state) == (3, ReportState.FINAL)
    clinic.clock.advance(-15 * 86_400)
    assert await runs.make(JULY, NINA) == final


async def test_two_makers_make_one_revision(clinic: Clinic, backend: Backend) -> None:
    one, two = await asyncio.gather(
        ReportRuns(backend).make(JULY, NINA), ReportRuns(backend).make(JULY, Actor("timur"))
    )
    assert one == two
    assert (await kept(clinic))[:2] == [1, 1]


async def test_a_maker_that_ends_midway_leaves_nothing(clinic: Clinic, backend: Backend) -> None:
    runs = ReportRuns(backend)
    making: list[asyncio.Task[Revision]] = []

    def end(done: int, _of: int) -> None:
        if done == 9:
            making[0].cancel()

    making.append(asyncio.create_task(runs.make(JULY, NINA, end)))
    with pytest.raises(asyncio.CancelledError):
        await making[0]
    assert await kept(clinic) == [0, 0, 0]
    assert (await runs.make(JULY, NINA)).entry.number == 1


async def test_a_connection_that_is_cut_midway_leaves_nothing(
    clinic: Clinic, backend: Backend
) -> None:
    runs = ReportRuns(backend)
    cut: list[Any] = []

    async def killed() -> None:
        async with clinic.database.postgres.connection() as connection:
            await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE state LIKE 'idle in transaction%' AND datname = current_database()"
            )

    def kill(done: int, _of: int) -> None:
        if done == 9:
            cut.append(asyncio.get_running_loop().create_task(killed()))

    with pytest.raises(DatabaseError):
        await runs.make(JULY, NINA, kill)
    await cut[0]
    assert await kept(clinic) == [0, 0, 0]
    assert (await runs.make(JULY, NINA)).entry.number == 1


async def test_a_full_disk_leaves_what_was_there(
    clinic: Clinic, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = ReportRuns(backend)
    first = await runs.make(JULY, NINA)
    before = await kept(clinic)
    await late_claim(clinic)
    written_days: list[date] = []
    add = OpenRevision.add

    async def full(self: OpenRevision, day: date, part: int, lines: bytes) -> None:
        if part == 1:
            raise DatabaseError("the disk is full")
        written_days.append(day)
        await add(self, day, part, lines)

    with monkeypatch.context() as patched:
        patched.setattr(OpenRevision, "add", full)
        with pytest.raises(DatabaseError, match="disk is full"):
            await runs.make(JULY, NINA)
    assert written_days
    assert await kept(clinic) == before
    assert await runs.revision(first.entry.report_id) == first


async def test_what_is_kept_can_not_be_changed_unseen(clinic: Clinic, backend: Backend) -> None:
    runs = ReportRuns(backend)
    made = await runs.make(JULY, NINA)
    for table in TABLES:
        for act in (f"DELETE FROM {table}", f"UPDATE {table} SET site_id = site_id"):
            with pytest.raises(DatabaseError, match="does not let this login"):
                async with clinic.database.postgres.connection() as connection:
                    await connection.execute(act)
    other = "(SELECT rows FROM report_days WHERE day = '2026-07-02' AND part = 0)"
    await clinic.execute(
        f"UPDATE report_days SET rows = {other} WHERE day = '2026-07-03' AND part = 0"
    )
    with pytest.raises(AuditError, match="2026-07-03"):
        await rows_of(runs, made)
    await clinic.execute("UPDATE report_revisions SET digest = sha256('x')")
    with pytest.raises(AuditError, match="not what was made"):
        await runs.revision(made.entry.report_id)


async def test_parts_say_what_the_whole_says(clinic: Clinic, backend: Backend) -> None:
    runs = ReportRuns(backend)
    whole = await runs.make(JULY, NINA)
    report_id = whole.entry.report_id
    for group in (*whole.report.departments, *whole.report.practitioners[:5]):
        part = await runs.revision(report_id, 1, group.scope)
        assert part.report.total == group.figures
        assert part.digest != whole.digest
        rows = await rows_of(runs, part)
        assert sum(row.kind is RowKind.CLAIM for row in rows) == group.figures.claims.total
        assert all(one.practitioner_ref for one in part.report.call_backs)
    with pytest.raises(InputError, match="no such practitioner has"):
        await runs.revision(report_id, 1, Scope(ScopeKind.PRACTITIONER, "nobody"))


async def test_a_part_stays_what_it_was_whatever_becomes_of_earlier_periods(
    clinic: Clinic, backend: Backend
) -> None:
    runs = ReportRuns(backend)
    first, second = (Period.of(date(2026, 7, day), date(2026, 7, day)) for day in (2, 3))
    await runs.make(first, NINA)
    later = await runs.make(second, NINA)
    assert [one.period for one in later.report.trend] == [first, second]
    scope = later.report.practitioners[0].scope
    printed = await runs.revision(later.entry.report_id, 1, scope)
    clinic.clock.advance(60)
    await clinic.execute("UPDATE appointments SET status = 'cancelled'")
    assert (await runs.make(first, NINA)).entry.number == 2
    assert (await runs.revision(later.entry.report_id, 1, scope)).digest == printed.digest


async def test_a_file_has_the_digest_of_what_is_kept(backend: Backend) -> None:
    runs = ReportRuns(backend)
    made = await runs.make(JULY, NINA)
    days = [day async for day in runs.rows(made)]
    text = b"".join(json_file(made, days))
    found = file_digest(io.BytesIO(text))
    assert found.found == found.stated == made.digest
    assert found.bad_days == ()
    assert found.report == made.report
    # As anybody would who has SHA-256 and no Kirdi.
    header, _, rest = text.split(b"\n", 1)[1].partition(b',"days":[\n')
    digest = hashlib.sha256(header)
    for part in rest.split(b'"rows":[\n')[1:]:
        until = itertools.takewhile(lambda line: not line.startswith(b"]}"), part.splitlines())
        lines = [line.rstrip(b",") for line in until]
        digest.update(hashlib.sha256(b"".join(line + b"\n" for line in lines)).digest())
    assert digest.digest() == made.digest
    changed = text.replace(b'"amount":"', b'"amount":"1', 1)
    assert file_digest(io.BytesIO(changed)).bad_days


async def test_retention_takes_a_report_with_its_rows(clinic: Clinic, backend: Backend) -> None:
    await ReportRuns(backend).make(JULY, NINA)
    async with clinic.as_retention() as postgres, postgres.transaction() as connection:
        await connection.execute("DELETE FROM reports WHERE last_day < '2026-08-01'")
    assert await kept(clinic) == [0, 0, 0]


async def test_a_part_that_is_not_there_has_nothing_made(clinic: Clinic, backend: Backend) -> None:
    runs = ReportRuns(backend)
    for kind in (ScopeKind.PRACTITIONER, ScopeKind.DEPARTMENT):
        with pytest.raises(InputError, match=f"no such {kind.value} has appointments or claims"):
            await runs.make(JULY, NINA, scope=Scope(kind, "nobody"))
    assert await clinic.count("report_revisions") == 0
    with pytest.raises(DatabaseError, match="no UTF-8") as caught:
        await runs.record(await runs.make(JULY, Actor("nina\udcff")), NINA, "read")
    assert caught.value.exit_code == 4


async def test_a_period_that_has_not_begun(clinic: Clinic, backend: Backend) -> None:
    tomorrow = (NOW + timedelta(days=2)).date()
    with pytest.raises(InputError, match="future"):
        await ReportRuns(backend).make(Period.of(tomorrow, tomorrow), NINA)
    with pytest.raises(InputError, match="too many"):
        await ReportRuns(backend).make(Period.of(date(2024, 1, 1), date(2026, 1, 1)), NINA)


# Figures, and sums by SQL that knows nothing of the code


async def _check(clinic: Clinic, maker: Maker, made: Revision, runs: ReportRuns) -> None:
    whole = made.report.period == QUARTER
    total = made.report.total
    sums = {
        "appointments": "SELECT count(*) FROM appointments",
        "took_place": "SELECT count(*) FROM appointments"
        " WHERE status IN ('arrived', 'checked-in', 'fulfilled')",
        "noshows": "SELECT count(*) FROM appointments WHERE status = 'noshow'",
        "patients": "SELECT count(*) FROM (SELECT patient_id FROM appointments"
        " UNION SELECT patient_id FROM claims) AS p",
        "enrolled": "SELECT count(DISTINCT patient_id) FROM consents JOIN ("
        "SELECT patient_id FROM appointments UNION SELECT patient_id FROM claims) AS p"
        " USING (patient_id) WHERE status = 'active'",
        "declined": "SELECT count(DISTINCT patient_id) FROM consents JOIN ("
        "SELECT patient_id FROM appointments UNION SELECT patient_id FROM claims) AS p"
        " USING (patient_id) WHERE status = 'inactive'",
    }
    for name, statement in sums.items():
        assert (name, getattr(total, name)) == (name, (await clinic.row_as_owner(statement))[0])
    by_currency = "SELECT currency, sum(amount) FROM claims GROUP BY currency"
    assert dict(total.billed) == await _by_sql(clinic, by_currency)
    assert await _by_sql(clinic, _OWN_GRADES) == {
        grade.value: count
        for grade, count in total.visits.verified.items()
        if grade is not VerdictGrade.SAME_DAY
    }
    kinds = {
        "verified": sum(total.visits.verified.values()),
        "unverified": total.visits.unverified,
        "unknown": sum(total.visits.unknown.values()),
        "not_applicable": sum(total.visits.not_applicable.values()),
    }
    assert await _by_sql(clinic, _KINDS) == kinds
    by_day = {day.isoformat(): one.appointments for day, one in made.report.days}
    days = "SELECT (starts_at AT TIME ZONE 'Asia/Almaty')::date::text, count(*)"
    booked = await _by_sql(clinic, days + " FROM appointments GROUP BY 1")
    assert {day: count for day, count in by_day.items() if count} == booked
    for column, groups in (
        ("practitioner_ref", made.report.practitioners),
        ("department", made.report.departments),
    ):
        told = {one.scope.value: one.figures.appointments for one in groups}
        by_group = (
            f"SELECT {column}, count(*) FROM appointments"
            " JOIN practitioners USING (practitioner_id) GROUP BY 1"
        )
        found = await _by_sql(clinic, by_group)
        assert {one: count for one, count in told.items() if count} == found
    assert _whole(total.visits) == total.appointments
    await _expected(clinic, maker, made, await rows_of(runs, made), whole)


async def _expected(
    clinic: Clinic, maker: Maker, made: Revision, rows: list[ReportRow], whole: bool
) -> None:
    """What was planted, claim by claim, and its money by SQL.

    A month has too few visits for every phantom to stand out.
    """
    expected = {
        one.service.claim_ref: maker.period.expected[one.claim_id] for one in maker.period.claims
    }
    wrong: Counter[object] = Counter()
    for row in rows:
        if row.kind is RowKind.CLAIM:
            wanted = expected[row.ref]
            codes = frozenset(one.code for one in row.findings) - {RuleCode.WEAK_EVIDENCE}
            at_risk = row.certain or row.estimated if whole else wanted.at_risk
            if (row.verdict, row.cause, codes, at_risk) != (
                *(wanted.kind, wanted.cause, wanted.codes, wanted.at_risk),
            ):
                wrong[wanted.case, row.verdict, row.cause, codes, at_risk] += 1
    assert not wrong, wrong.most_common(5)
    total = made.report.total
    by_code = Counter(code for one in expected.values() for code in one.codes)
    assert {
        code: count for code, count in total.rules.items() if code is not RuleCode.WEAK_EVIDENCE
    } == by_code
    summaries = {one.code: one for one in made.report.rules}
    assert {code: one.found for code, one in summaries.items() if one.found} == dict(total.rules)
    claims = total.claims.total
    for code, one in summaries.items():
        assert one.evaluated + sum(one.not_evaluated.values()) == claims, code
    for part, told in (("certain", total.certain), ("estimated", total.estimated)):
        refs = [row.ref for row in rows if getattr(row, part)]
        amount = await clinic.row_as_owner(
            "SELECT count(*), coalesce(sum(amount), 0) FROM claims WHERE claim_ref = ANY ($1)", refs
        )
        assert (told.claims, sum(told.amounts.values(), Decimal(0))) == amount
    planted = sum(one.at_risk for one in expected.values())
    found = total.certain.claims + total.estimated.claims
    assert found == planted if whole else found <= planted
    above = {one.practitioner_ref for one in made.report.rates if one.above}
    assert above <= {*PHANTOMS, CROOKED}
    # Nothing in an outage is anything but unknown.
    assert total.visits.unknown
    for row in rows:
        if row.verdict is VerdictKind.UNVERIFIED:
            assert not any(one.begin <= row.at < one.end for one in maker.period.outages)


def _whole(figures: VerdictFigures) -> int:
    return figures.total


async def _by_sql(clinic: Clinic, statement: str) -> Mapping[Any, Any]:
    async with clinic.as_owner() as connection:
        rows = await connection.fetch(statement)
    return {row[0]: row[1] for row in rows}


async def test_a_month_s_figures_are_sql_s(clinic: Clinic, maker: Maker, backend: Backend) -> None:
    runs = ReportRuns(backend)
    await _check(clinic, maker, await runs.make(JULY, NINA), runs)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_quarter_of_sixty_thousand_appointments(clinic: Clinic, tmp_path: Path) -> None:
    await empty(clinic.database.postgres._url)
    maker = await written(clinic, QUARTER, 60_000)
    runs = ReportRuns(backend_of(clinic, maker, tmp_path))
    made = await runs.make(QUARTER, NINA)
    assert {one.practitioner_ref for one in made.report.rates if one.above} == {*PHANTOMS, CROOKED}
    await _check(clinic, maker, made, runs)
