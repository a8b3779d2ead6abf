"""The receipt is true of the database's files: a key that it says is gone is in none of them."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import asyncpg
import pytest

from streamer.consent_keeper import ConsentKeeper
from streamer.crypto.vault import Purpose, SealedFor
from streamer.domain.actor import SERVICE
from streamer.domain.erasure_receipt import ErasureReceipt
from streamer.errors import DatabaseError
from streamer.storage.consents_list import ConsentsList
from streamer.storage.database_role import DatabaseRole
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.patient_erasure import PatientErasure
from streamer.storage.patients import Patients
from streamer.storage.remnants import HELD, NOT_ALLOWED, REUSED, Left, Remnants
from streamer.storage.vectors import vector_bytes
from tests.data import ROOT
from tests.integration.storage.clinic import (
    CHECK_IN,
    LISTER,
    NOW,
    PACK,
    SITE,
    ZONE,
    Clinic,
    patient,
    vector,
)
from tests.integration.storage.own_server import Server, own_server
from tests.servers import as_role


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with own_server(tmp_path_factory.mktemp("remnants")) as server:
        yield server


@pytest.fixture
async def filled(server: Server) -> AsyncIterator[Clinic]:
    """Two enrolled patients, everything written out to the files."""
    async with server.clinic() as clinic:
        for table in ("erasures", "templates", "consents", "patients"):
            await clinic.execute(f"DELETE FROM {table}")
        # What follows must not begin a new file of the log by itself.
        await clinic.execute("SELECT pg_switch_wal()")
        await clinic.import_patients(patient(1), patient(2))
        for number in (1, 2):
            await clinic.enrol(number)
        await clinic.execute("CHECKPOINT")
        yield clinic


async def wrapped_key(clinic: Clinic, number: int) -> bytes:
    async with clinic.database.postgres.connection() as connection:
        key: bytes = await connection.fetchval(
            "SELECT k.wrapped_key FROM template_keys k JOIN templates USING (template_id) "
            "JOIN patients USING (patient_id) WHERE patient_ref = $1",
            f"P-{number}",
        )
    return key


async def receipt_of(clinic: Clinic) -> ErasureReceipt:
    (receipt,) = await ConsentsList(clinic.database.postgres, clinic.pages).listed_receipts(LISTER)
    return receipt


def remnants(clinic: Clinic) -> Remnants:
    return Remnants(clinic.database.postgres, clinic.clock)


async def withdraw(clinic: Clinic) -> None:
    await clinic.consents().withdraw("P-1", (CHECK_IN,), SERVICE, NOW)


async def test_the_receipt_is_true_of_the_databases_files(server: Server, filled: Clinic) -> None:
    gone, kept = await wrapped_key(filled, 1), await wrapped_key(filled, 2)
    assert server.files_with(gone) == server.files_with(kept) == {"base", "pg_wal"}
    # Somebody else's transaction may still see the row: VACUUM FULL would carry it over.
    other = await asyncpg.connect(server.url)
    try:
        async with other.transaction(isolation="repeatable_read"):
            await other.fetchval("SELECT count(*) FROM patients")
            await withdraw(filled)
            await filled.execute("CHECKPOINT")
            receipt = await receipt_of(filled)
            assert receipt.files_clean_at is receipt.log_clean_at is None
            assert server.files_with(gone) == {"base", "pg_wal"}

            assert await remnants(filled).destroy(log_too=False) == Left(files=0, log=1)
            receipt = await receipt_of(filled)
            assert (receipt.files_clean_at, receipt.log_clean_at) == (NOW, None)
            assert server.files_with(gone) == {"pg_wal"}

            assert await remnants(filled).destroy() == Left()
    finally:
        await other.close()
    receipt = await receipt_of(filled)
    assert receipt.files_clean_at == receipt.log_clean_at == NOW
    assert server.files_with(gone) == set()
    assert "base" in server.files_with(kept), "the search finds what is there"
    assert await openable(filled) == {"P-2"}


async def test_what_a_killed_command_left_is_finished(server: Server, filled: Clinic) -> None:
    gone = await wrapped_key(filled, 1)
    command = (sys.executable, "-m", "tests.integration.storage.withdrawing")
    child = await asyncio.create_subprocess_exec(
        *command, server.url, str(server.key), "P-1", cwd=ROOT, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"committed\n"
    child.kill()
    await child.wait()
    assert await openable(filled) == {"P-2"}
    assert (await receipt_of(filled)).files_clean_at is None
    assert "base" in server.files_with(gone)
    keeper = ConsentKeeper(filled.consents(), remnants(filled), ZONE, filled.clock)
    await keeper.refresh()
    receipt = await receipt_of(filled)
    assert receipt.files_clean_at == receipt.log_clean_at == NOW
    assert server.files_with(gone) == set()


async def test_a_template_of_before_takes_its_patients_key_along(
    server: Server, filled: Clinic
) -> None:
    """Sealed under the patient's key: that one is renewed, and the profile sealed anew."""
    async with filled.database.postgres.connection() as connection:
        row = await connection.fetchrow(
            "SELECT patient_id, template_id, p.wrapped_key FROM patients p "
            "JOIN templates USING (patient_id) WHERE patient_ref = 'P-1'"
        )
    assert row is not None
    patient_id, template_id, former = row
    place = SealedFor(patient_id, Purpose.TEMPLATE, template_id, PACK)
    sealed = filled.database.vault.seal(former, place, vector_bytes(vector(1)))
    await filled.execute(
        "UPDATE templates SET sealed_vector = $1 WHERE template_id = $2", sealed, template_id
    )
    await filled.execute("DELETE FROM template_keys WHERE template_id = $1", template_id)
    assert await openable(filled) == {"P-1", "P-2"}
    await withdraw(filled)
    assert await remnants(filled).destroy() == Left()
    assert server.files_with(former) == set()
    base = filled.database
    found = await Patients(base.postgres, base.vault, base.keyed_hash, SITE.id).by_ref("P-1")
    assert found is not None
    assert found.patient == patient(1)


async def test_a_backup_is_waited_for(server: Server, filled: Clinic) -> None:
    gone = await wrapped_key(filled, 1)
    await withdraw(filled)
    other = await asyncpg.connect(as_role(server.url, DatabaseRole.OWNER))
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE template_keys IN ACCESS SHARE MODE")
            with pytest.raises(DatabaseError, match="is locked by another command"):
                await remnants(filled).destroy()
            assert (await receipt_of(filled)).files_clean_at is None
            assert await openable(filled) == {"P-2"}, "nobody is kept from reading"
    finally:
        await other.close()
    assert await remnants(filled).destroy() == Left()
    assert server.files_with(gone) == set()


async def test_a_server_that_does_not_let_go_is_named(any_clinic: Clinic) -> None:
    await any_clinic.expect(1)
    await withdraw(any_clinic)
    left = await remnants(any_clinic).destroy()
    assert (left.files, left.log) == (0, 1)
    assert left.obstacle in (NOT_ALLOWED, REUSED)
    receipt = await receipt_of(any_clinic)
    assert (receipt.files_clean_at, receipt.log_clean_at) == (NOW, None)


async def test_a_log_file_that_the_server_keeps_is_seen(any_clinic: Clinic) -> None:
    """Allowed and told to remove them, a server may still keep old files of its log."""
    superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    if not (await any_clinic.row_as_owner(superuser))[0]:
        pytest.skip("settings are changed by superusers only; the embedded server has none")
    await any_clinic.expect(1)
    await withdraw(any_clinic)
    # As docs/deployment.md has the administrator do it.
    functions = "pg_switch_wal(), pg_ls_waldir()"
    await any_clinic.execute(f"GRANT EXECUTE ON FUNCTION {functions} TO kirdi_owner")
    await any_clinic.execute("GRANT pg_checkpoint TO kirdi_owner")
    try:
        await set_on_server(any_clinic, "wal_recycle", "off")
        await set_on_server(any_clinic, "wal_keep_size", "64MB")
        assert await remnants(any_clinic).destroy() == Left(0, 1, HELD)
        assert (await receipt_of(any_clinic)).log_clean_at is None
        await set_on_server(any_clinic, "wal_keep_size", "0")
        assert await remnants(any_clinic).destroy() == Left()
    finally:
        for name in ("wal_recycle", "wal_keep_size"):
            await any_clinic.execute(f"ALTER SYSTEM RESET {name}")
        await any_clinic.execute("SELECT pg_reload_conf()")
        await any_clinic.execute(f"REVOKE EXECUTE ON FUNCTION {functions} FROM kirdi_owner")
        await any_clinic.execute("REVOKE pg_checkpoint FROM kirdi_owner")


async def set_on_server(clinic: Clinic, name: str, value: str) -> None:
    """Change a setting; every process of the server has taken it over at the end."""
    await clinic.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    await clinic.execute("SELECT pg_reload_conf()")
    for _ in range(200):
        if str((await clinic.row(f"SELECT current_setting('{name}')"))[0]) == value:
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail(f"{name} is not {value} after ten seconds")
    # The checkpointer reads it at its next turn.
    await clinic.execute("CHECKPOINT")


async def openable(clinic: Clinic) -> set[str]:
    """Whose templates can be read and opened, appointment or not."""
    from tests.integration.storage.test_calibrations import calibrations

    opened = await calibrations(clinic).templates(NOW, SERVICE)
    ids: list[UUID] = [one.patient_id for one in opened]
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT patient_ref FROM patients WHERE patient_id = ANY($1)", ids
        )
    return {row["patient_ref"] for row in rows}


async def test_an_erased_person_leaves_the_files(filled: Clinic, server: Server) -> None:
    """Profile, reference and key: the table of patients is rewritten, and the log goes."""
    row = await filled.row(
        "SELECT wrapped_key, sealed_profile FROM patients WHERE patient_ref = 'P-1'"
    )
    base = filled.database
    erasure = PatientErasure(
        base.postgres,
        base.vault,
        SITE.id,
        filled.eraser(),
        ErasedReferences(base.keyed_hash, SITE.id),
        {"audit": 1826, "receipts": 1826},
    )
    for needle in row:
        assert server.files_with(needle) >= {"base"}
    await erasure.erase("P-1", "letter 5", SERVICE, NOW)
    for needle in row:
        assert server.files_with(needle) >= {"base"}, "DELETE alone leaves it there"
    left = await Remnants(base.postgres, filled.clock).destroy()
    assert (left.files, left.log) == (0, 0)
    for needle in row:
        assert server.files_with(needle) == set()
