"""What cannot be recorded is not done; and nobody but its own functions writes to the audit."""

import asyncio
import contextlib
import json
from typing import Any

import asyncpg
import pytest

from streamer.domain.actor import Actor
from streamer.errors import DatabaseError, InputError
from streamer.storage.audit_chain import KnownHeads
from streamer.storage.audit_log import AuditLog
from streamer.storage.audit_verification import AuditVerification
from streamer.storage.database import open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.site_logins import serve_site
from tests.integration.storage.acts import (
    NAME,
    NUMBER,
    NURSE,
    PERSON,
    PHONE,
    REASON,
    Act,
    bodies,
    calibration,
    calibrations,
    load_gallery,
    manual,
    save,
    undo_of,
)
from tests.integration.storage.clinic import (
    CHECK_IN,
    NOW,
    PACK,
    SITE,
    Clinic,
    booking,
    consent,
    patient,
)
from tests.integration.storage.counter import Counter
from tests.integration.storage.test_desk import desk_of
from tests.integration.storage.test_reviews import record
from tests.servers import as_role


async def _prepared(clinic: Clinic) -> None:
    """Patient 1 expected, 2 consenting, 3 nobody yet."""
    await clinic.expect(1)
    await clinic.import_patients(patient(2), patient(3))
    await clinic.consent(consent("P-2", "C-2"))


async def _import(clinic: Clinic) -> None:
    await clinic.import_patients(patient(4))


async def _book(clinic: Clinic) -> None:
    await clinic.import_bookings(booking(2))


async def _withdraw(clinic: Clinic) -> None:
    await clinic.consents().withdraw("P-1", (CHECK_IN,), NURSE, NOW)


async def _consent(clinic: Clinic) -> None:
    await clinic.consent(consent("P-3", "C-3"))


async def _check_in(clinic: Clinic) -> None:
    await clinic.check_ins().record(await clinic.proposal(1))


async def _by_hand(clinic: Clinic) -> None:
    await manual(clinic).add("A-1", NURSE, REASON)


async def _review(clinic: Clinic) -> None:
    _, patient_id = await clinic.ids(1)
    await clinic.reviews().decide([record(patient_id)], [], Actor("aigul"))


async def _issue(clinic: Clinic) -> None:
    await Counter(clinic).issue(1)


async def _fail(clinic: Clinic) -> None:
    await Counter(clinic).redeem("000000")


async def _compare(clinic: Clinic) -> None:
    await desk_of(clinic).template("P-1", PACK, NURSE)


async def _calibrate(clinic: Clinic) -> None:
    await calibrations(clinic).save(calibration())


async def _enrol(clinic: Clinic) -> None:
    await save(clinic, 2, seed=2)


ACTS: tuple[Act, ...] = (
    _import,
    _book,
    _enrol,
    _withdraw,
    _consent,
    _check_in,
    _by_hand,
    _review,
    _issue,
    _fail,
    _compare,
    load_gallery,
    _calibrate,
)


async def test_nothing_is_done_that_cannot_be_recorded(clinic: Clinic) -> None:
    """Every act fails as a whole where the audit cannot take its event."""
    await _prepared(clinic)
    await clinic.execute("ALTER TABLE audit_lanes DISABLE TRIGGER USER")
    await clinic.execute("DELETE FROM audit_lanes")
    before = await _everything(clinic)
    try:
        for act in ACTS:
            with pytest.raises(DatabaseError):
                await act(clinic)
            after = await _everything(clinic)
            # The attempt at the device is counted before it is evaluated, whatever becomes of it.
            assert {**after, "attempts": ""} == {**before, "attempts": ""}, act
    finally:
        await clinic.execute("ALTER TABLE audit_lanes ENABLE TRIGGER USER")


async def _everything(clinic: Clinic) -> dict[str, str]:
    async with clinic.as_owner() as connection:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        return {
            name: await connection.fetchval(
                f"SELECT coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '') FROM {name} t"
            )
            for (name,) in tables
        }


async def test_nothing_in_it_tells_who_somebody_is(clinic: Clinic) -> None:
    counter = Counter(clinic)
    await clinic.import_patients(PERSON)
    await clinic.import_bookings(booking(1))
    await clinic.enrol(1)
    await load_gallery(clinic)
    sent = await counter.issue(1, send=True)
    await counter.redeem(sent.secret)
    await undo_of(clinic).undo("A-1", NURSE, REASON, wrong_person=False)
    await manual(clinic).add("A-1", NURSE, REASON)
    await desk_of(clinic).template("P-1", PACK, NURSE)
    await clinic.consents().withdraw("P-1", (CHECK_IN,), NURSE, NOW)
    with pytest.raises(InputError):
        await clinic.enrolments().check("P-1", NAME, NURSE, NOW)
    everything = json.dumps(await bodies(clinic), ensure_ascii=False)
    assert len(await bodies(clinic)) >= 12
    words = (NAME, "Ахметова", NUMBER, PHONE, PHONE[1:], "1988-01-01", REASON, "P-1", "A-1")
    assert [word for word in words if word in everything] == []
    # Six digits may stand in an id by chance, and nowhere alone.
    alone = [value for one in await bodies(clinic) for value in _values(one)]
    assert sent.secret not in alone


def _values(said: dict[str, Any]) -> list[str]:
    nested = said.get("detail", {})
    return [str(value) for value in (*said.values(), *nested.values())]


async def test_only_its_own_functions_write_to_the_chains(clinic: Clinic) -> None:
    await clinic.import_patients(patient(1))
    for statement in (
        "UPDATE audit_events SET recorded_at = now()",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "INSERT INTO audit_events (site_id, lane, sequence, recorded_at, body, hash) "
        'VALUES (\'test-1\', 0, 99, now(), \'{"kind": "undo", "actor": "x"}\', sha256(\'\'))',
        "UPDATE audit_lanes SET sequence = 0",
        "DELETE FROM audit_lanes",
        "TRUNCATE audit_lanes",
    ):
        with pytest.raises(DatabaseError) as error:
            await clinic.execute(statement)
        assert isinstance(error.value.__cause__, asyncpg.InsufficientPrivilegeError), statement


async def test_retention_stops_before_what_does_not_verify(clinic: Clinic) -> None:
    for number in range(3):
        await clinic.import_patients(patient(number))
    await clinic.execute("ALTER TABLE audit_events DISABLE TRIGGER USER")
    await clinic.execute(
        "UPDATE audit_events SET recorded_at = recorded_at - interval '1 day' "
        "WHERE sequence = (SELECT max(sequence) FROM audit_events)"
    )
    await clinic.execute("ALTER TABLE audit_events ENABLE TRIGGER USER")
    before = await bodies(clinic)
    with pytest.raises(DatabaseError) as error:
        await clinic.execute("SELECT kirdi_audit_prune($1, clock_timestamp())", SITE.id)
    assert isinstance(error.value.__cause__, asyncpg.DataCorruptedError)
    assert await bodies(clinic) == before


async def test_retention_again_and_again_still_verifies(clinic: Clinic) -> None:
    """Also once its earlier event is gone itself, and where a lane has nothing new."""
    for number in range(1, 5):
        await asyncio.gather(*(_calibrate(clinic) for _ in range(number)))
        removed = await clinic.row_as_owner(
            "SELECT kirdi_audit_prune($1, clock_timestamp())", SITE.id
        )
        assert removed[0] >= number
        verdict = await AuditVerification(clinic.database.postgres, SITE.id).verify(KnownHeads())
        assert verdict.findings == ()
        assert verdict.events == 1
    assert await clinic.row_as_owner(
        "SELECT kirdi_audit_prune($1, clock_timestamp() - interval '1 hour')", SITE.id
    ) == (0,)


async def test_a_lost_connection_leaves_either_both_or_nothing(clinic: Clinic) -> None:
    """Cut in the middle of an act, again and again, by the server's own hand."""
    await clinic.import_patients(*(patient(number) for number in range(1, 21)))

    async def consenting(number: int) -> None:
        with contextlib.suppress(DatabaseError):
            await clinic.consent(consent(f"P-{number}", f"C-{number}"))

    async def cutting() -> None:
        for _ in range(15):
            async with clinic.database.postgres.connection() as connection:
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database() "
                    "AND application_name = 'kirdi' AND state <> 'idle' LIMIT 1"
                )
            await asyncio.sleep(0.005)

    await asyncio.gather(*(consenting(number) for number in range(1, 21)), cutting())
    written = await clinic.count("consents")
    assert len(await bodies(clinic, "consent")) == written
    verdict = await AuditVerification(clinic.database.postgres, SITE.id).verify(KnownHeads())
    assert verdict.findings == ()


async def test_sites_of_one_database_have_nothing_to_do_with_each_other(
    clinic: Clinic, migrated_url: str, tmp_path: Any
) -> None:
    from config.settings import Database as Limits

    other = replace_site(SITE.id + "-b")
    owner_url, logins = as_role(migrated_url, DatabaseRole.OWNER), {}
    logins[DatabaseRole.SERVICE] = migrated_url
    await serve_site(owner_url, other, logins, several=True)
    async with open_database(migrated_url, Limits(), other, tmp_path / "kirdi.key") as database:
        log = AuditLog(database.postgres, other.id, clinic.clock)
        await asyncio.gather(
            *(log.record_reading(NURSE, "list") for _ in range(20)),
            *(clinic.import_patients(patient(number)) for number in range(1, 4)),
        )
        for postgres, site_id, events in (
            (clinic.database.postgres, SITE.id, 3),
            (database.postgres, other.id, 20),
        ):
            verdict = await AuditVerification(postgres, site_id).verify(KnownHeads())
            assert (verdict.findings, verdict.events) == ((), events)


def replace_site(site_id: str) -> Any:
    from config.settings import Site

    return Site(id=site_id, name="Another")
