"""What is too old goes, what something rests on stays, and a dry run says what a run does."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import Database as Limits
from config.settings import Site
from streamer.domain.actor import SERVICE
from streamer.domain.retention import Kept
from streamer.errors import DatabaseError, InputError
from streamer.storage.database import open_postgres
from streamer.storage.database_role import DatabaseRole
from streamer.storage.retention import Retention
from streamer.storage.retention_rules import TABLES, TERMS
from streamer.storage.site_logins import serve_site
from tests.data import ROOT
from tests.integration.storage.clinic import CHECK_IN, NOW, SITE, Clinic
from tests.integration.storage.conftest import MakeRetention
from tests.integration.storage.old_data import DAYS, Decade
from tests.servers import as_role

FIVE_YEARS = dict.fromkeys(TERMS, 1826)
GO_ON = asyncio.Event()


async def counts(clinic: Clinic) -> dict[str, int]:
    return {kind.value: await clinic.count(TABLES[kind]) for kind in Kept}


@pytest.mark.parametrize("seed", range(6))
async def test_a_dry_run_says_what_a_run_deletes(
    clinic: Clinic, retention: MakeRetention, seed: int
) -> None:
    await Decade(clinic, seed).fill()
    keeper = retention(DAYS)
    before = await counts(clinic)
    said = await keeper.count(NOW)
    assert await counts(clinic) == before

    report = await keeper.run(NOW, "kirdi", GO_ON)

    assert report.deleted == said
    assert sum(said.values()) > 40
    assert report.ended_at is not None
    assert await keeper.count(NOW) == {}
    after = await counts(clinic)
    # Who goes leaves a receipt; what is erased anew does as well.
    for kind in set(Kept) - {Kept.RECEIPTS, Kept.RETENTION_RUNS, Kept.AUDIT}:
        assert before[kind.value] - after[kind.value] == said.get(kind.value, 0), kind


async def test_a_year_later_more_is_due_and_only_then(
    clinic: Clinic, retention: MakeRetention
) -> None:
    await Decade(clinic, 99).fill()
    keeper = retention(DAYS)
    await keeper.run(NOW, "kirdi", GO_ON)
    later = NOW + timedelta(days=365)
    said = await keeper.count(later)
    report = await keeper.run(later, "kirdi", GO_ON)
    assert report.deleted == said != {}


async def test_nothing_young_is_deleted(clinic: Clinic, retention: MakeRetention) -> None:
    await clinic.expect(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    before = await counts(clinic)
    for years in (0, 4.9):
        report = await retention(FIVE_YEARS).run(NOW + timedelta(days=365 * years), "kirdi", GO_ON)
        # The consent of a year has ended meanwhile, and the template with it.
        assert set(report.deleted) <= {"templates"}
    after = await counts(clinic)
    same = set(Kept) - {Kept.TEMPLATES, Kept.RECEIPTS, Kept.RETENTION_RUNS, Kept.AUDIT}
    assert {kind: after[kind] for kind in same} == {kind: before[kind] for kind in same}


@pytest.fixture
async def prunable(clinic: Clinic) -> AsyncIterator[None]:
    """The database takes what was recorded just now for as old as the test's clock says."""
    async with clinic.as_owner() as connection:
        written: str = await connection.fetchval(
            "SELECT pg_get_functiondef('kirdi_audit_prune(text, timestamptz)'::regprocedure)"
        )
        assert "interval '29 days'" in written
        await connection.execute(written.replace("interval '29 days'", "interval '-20 years'"))
        yield
        # Others use the same database after this.
        await connection.execute(written)


@pytest.mark.usefixtures("prunable")
async def test_a_consent_outlives_what_rests_on_it(
    clinic: Clinic, retention: MakeRetention
) -> None:
    await clinic.expect(1)
    await clinic.check_ins().record(await clinic.proposal(1))
    keeper = retention(FIVE_YEARS | {"consents": 30, "appointments": 30, "patients": 30})
    for days in (400, 1800):
        await keeper.run(NOW + timedelta(days=days), "kirdi", GO_ON)
        assert await clinic.count("consents") == 1
        assert await clinic.count("appointments") == 1
        assert await clinic.count("patients") == 1
    await keeper.run(NOW + timedelta(days=1827), "kirdi", GO_ON)
    for table in ("check_ins", "status_changes", "consents", "appointments", "patients"):
        assert await clinic.count(table) == 0, table


async def test_a_receipt_stays_while_a_backup_may_hold_what_it_is_about(
    clinic: Clinic, retention: MakeRetention
) -> None:
    await clinic.expect(1)
    await clinic.consents().withdraw("P-1", [CHECK_IN], SERVICE, NOW)
    keeper = retention(FIVE_YEARS | {"receipts": 30})
    assert "receipts" not in await keeper.count(NOW + timedelta(days=3650))
    await clinic.execute("UPDATE erasures SET files_clean_at = $1, log_clean_at = $1", NOW)
    assert "receipts" not in await keeper.count(NOW + timedelta(days=30))
    assert (await keeper.count(NOW + timedelta(days=31)))["receipts"] == 1


async def test_who_goes_leaves_a_receipt_that_cleans_the_files(
    clinic: Clinic, retention: MakeRetention
) -> None:
    await Decade(clinic, 5).fill(30)
    report = await retention(DAYS).run(NOW, "kirdi", GO_ON)
    gone = report.deleted["patients"]
    receipts = await clinic.row(
        "SELECT count(*), bool_and(renewed_key) FROM erasures WHERE reason = 'retention'"
    )
    assert receipts == (gone, True)


async def test_a_run_that_is_stopped_is_gone_on_with(
    clinic: Clinic, retention: MakeRetention
) -> None:
    await Decade(clinic, 7).fill()
    keeper = retention(DAYS)
    said = await keeper.count(NOW)
    stop = asyncio.Event()
    stop.set()
    first = await keeper.run(NOW, "kirdi", stop)
    assert first.ended_at is None
    second = await keeper.run(NOW, "kirdi", GO_ON)
    together = {
        kind: first.deleted.get(kind, 0) + second.deleted.get(kind, 0)
        for kind in set(first.deleted) | set(second.deleted)
    }
    assert together == said


async def test_a_run_that_is_killed_has_reported_what_it_did(
    clinic: Clinic, retention: MakeRetention, migrated_url: str, tmp_path: Path
) -> None:
    await Decade(clinic, 11).fill()
    keeper = retention(DAYS)
    said = await keeper.count(NOW)
    key = str(tmp_path / "kirdi.key")
    retention_url = as_role(migrated_url, DatabaseRole.RETENTION)
    arguments = ["-m", "tests.integration.storage.deleting", migrated_url, retention_url, key]
    child = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"five portions\n"
    child.kill()
    await child.wait()

    (killed,) = await keeper.reports()
    assert (killed.run_by, killed.ended_at) == ("killed", None)
    assert sum(killed.deleted.values()) > 0
    left = await keeper.count(NOW)
    for kind in said:
        assert killed.deleted.get(kind, 0) + left.get(kind, 0) == said[kind], kind
    report = await keeper.run(NOW, "kirdi", GO_ON)
    assert report.deleted == left


async def test_two_at_once_delete_everything_once(clinic: Clinic, retention: MakeRetention) -> None:
    await Decade(clinic, 8).fill()
    keeper = retention(DAYS)
    said = await keeper.count(NOW)
    reports = await asyncio.gather(*(keeper.run(NOW, "kirdi", GO_ON) for _ in range(3)))
    for kind in said:
        assert sum(one.deleted.get(kind, 0) for one in reports) == said[kind], kind


async def test_each_portion_is_on_record(clinic: Clinic, retention: MakeRetention) -> None:
    await Decade(clinic, 9).fill()
    report = await retention(DAYS).run(NOW, "aigul", GO_ON)
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT body ->> 'entity_type' AS kind, "
            "sum((body -> 'detail' ->> 'rows')::int)::int AS n "
            "FROM audit_events WHERE kind = 'retention' AND actor = 'aigul' "
            "AND body ->> 'entity_id' = $1 GROUP BY 1",
            str(report.run_id),
        )
    assert {row["kind"]: row["n"] for row in rows} == report.deleted


@pytest.mark.usefixtures("prunable")
async def test_the_audit_is_cut_by_its_own_function(
    clinic: Clinic, retention: MakeRetention
) -> None:
    await clinic.expect(1)
    await retention(FIVE_YEARS).run(NOW, "kirdi", GO_ON)
    there = await clinic.count("audit_events")
    later = datetime.now(UTC) + timedelta(days=1827)
    keeper = retention(FIVE_YEARS | {"patients": 36500, "appointments": 36500})
    assert (await keeper.count(later))["audit"] == there > 0
    report = await keeper.run(later, "kirdi", GO_ON)
    # What the run itself put into the chains meanwhile was cut with them, or stays.
    assert report.deleted["audit"] >= there
    row = await clinic.row(
        "SELECT count(*) FROM audit_events WHERE body ->> 'entity_type' = 'AuditEvent'"
    )
    assert row == (1,)


async def test_a_clock_or_a_term_that_is_wrong_does_not_empty_the_tables(
    clinic: Clinic, retention: MakeRetention
) -> None:
    await clinic.expect(1)
    _, patient_id = await clinic.ids(1)
    await clinic.execute(
        "INSERT INTO presences (presence_id, site_id, patient_id, flag, method, evidence, "
        "occurred_at) SELECT gen_random_uuid(), $1, $2, 'early', 'face', 'face', "
        "$3::timestamptz - n * interval '1 hour' FROM generate_series(1, 1500) AS n",
        SITE.id,
        patient_id,
        NOW,
    )
    keeper = retention(FIVE_YEARS)
    await keeper.refuse_too_much(NOW, 0.5)
    with pytest.raises(InputError, match="1500 of 1500 presences"):
        await keeper.refuse_too_much(NOW + timedelta(days=3650), 0.5)
    with pytest.raises(InputError, match="of 1500 presences"):
        await retention(FIVE_YEARS | {"presences": 7}).refuse_too_much(NOW, 0.5)
    assert await clinic.count("presences") == 1500


async def test_what_another_site_has_is_not_touched(clinic: Clinic) -> None:
    await Decade(clinic, 10).fill()
    before = await counts(clinic)
    other, url = Site(id="other-1", name="Other"), clinic.database.postgres._url
    roles = (DatabaseRole.RETENTION, DatabaseRole.SERVICE)
    urls = {role: as_role(url, role) for role in roles}
    await serve_site(as_role(url, DatabaseRole.OWNER), other, urls, several=True)
    async with AsyncExitStack() as stack:
        pools = [
            await stack.enter_async_context(open_postgres(urls[role], Limits(), other, role))
            for role in roles
        ]
        keeper = Retention(pools[0], pools[1], other.id, clinic.eraser(), DAYS, clinic.clock)
        assert await keeper.count(NOW) == {}
        report = await keeper.run(NOW, "kirdi", GO_ON)
        assert report.deleted == {}
        # Whose rows are seen is the session's to say, and no argument's.
        keeper = Retention(pools[0], pools[1], SITE.id, clinic.eraser(), DAYS, clinic.clock)
        assert await keeper.count(NOW) == {}
        with pytest.raises(DatabaseError, match="does not let this login"):
            await keeper.run(NOW, "kirdi", GO_ON)
    assert await counts(clinic) == before
