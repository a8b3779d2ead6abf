"""The key a database was written with: made once, never replaced, and rows are bound to places."""

import asyncio
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Database as Limits
from streamer.backup.tools import PostgresTools
from streamer.crypto.key_source import KeySources
from streamer.crypto.keyfile import KeyFile
from streamer.crypto.site_secrets import INHERITED
from streamer.embedded.binaries import postgres_binaries
from streamer.errors import VaultError
from streamer.storage.database import Database, open_database
from streamer.storage.database_role import DatabaseRole
from streamer.storage.gallery_source import unsealed
from streamer.storage.patients import Patients
from streamer.storage.schema import migrate
from streamer.storage.site_logins import serve_site
from tests.fakes.clock import FakeClock
from tests.integration.storage import former_version
from tests.integration.storage.clinic import SITE, Clinic, patient
from tests.integration.storage.rotation import ALL_TEMPLATES, opened, rotate, undone
from tests.servers import as_role


async def _fill(url: str, key: Path, number: int) -> None:
    async with open_database(url, Limits(), SITE, key) as database:
        await Clinic(database, FakeClock()).import_patients(patient(number))


async def test_first_starts_at_once_get_one_key(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    await asyncio.gather(*(_fill(clinic_url, key, number) for number in range(6)))
    async with open_database(clinic_url, Limits(), SITE, key) as database:
        assert await Clinic(database, FakeClock()).count("patients") == 6


async def test_a_lost_key_is_never_replaced(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    await _fill(clinic_url, key, 1)
    kept = key.rename(tmp_path / "elsewhere")
    with pytest.raises(VaultError, match=r"is missing, and database .* holds data sealed with it"):
        await _fill(clinic_url, key, 2)
    assert not key.exists()
    kept.rename(key)
    await _fill(clinic_url, key, 2)


async def test_another_key_is_refused(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    await _fill(clinic_url, key, 1)
    key.write_bytes(bytes(32))
    with pytest.raises(VaultError, match=r"is not the key that database .* was written with"):
        await _fill(clinic_url, key, 2)


async def test_patients_without_a_check_value_make_no_key(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    async with open_database(clinic_url, Limits(), SITE, key) as database:
        clinic = Clinic(database, FakeClock())
        await clinic.import_patients(patient(1))
        await clinic.execute("DELETE FROM wrapping_keys")
    key.unlink()
    with pytest.raises(VaultError, match="holds patients and does not say by which key"):
        await _fill(clinic_url, key, 2)
    assert not key.exists()


async def test_an_existing_key_serves_a_new_database(clinic_url: str, tmp_path: Path) -> None:
    key = tmp_path / "kirdi.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    await _fill(clinic_url, key, 1)
    assert key.read_bytes() == b"k" * 32


async def test_a_database_of_before_keeps_what_it_hashes_with(
    database_url: str, tmp_path: Path
) -> None:
    """Its own rows open, its numbers, codes and tokens are found: before and after a rotation."""
    await former_version.fill(database_url)
    await migrate(database_url)
    url = as_role(database_url, DatabaseRole.SERVICE)
    await serve_site(database_url, SITE, {DatabaseRole.SERVICE: url})
    file = KeyFile(tmp_path / "kirdi.key")
    file.keep(former_version.KEY)
    sources = KeySources.of_file(file.path)
    for attempt in range(3):
        async with open_database(url, Limits(), SITE, sources) as database:
            await _is_as_before(database)
            if attempt == 1:
                clinic = Clinic(database, FakeClock())
                assert await rotate(clinic, sources) == 2 + 1 + len(INHERITED)
                await _is_as_before(database)
    assert former_version.KEY.key_id() != file.read().key_id()


async def _is_as_before(database: Database) -> None:
    found = await Patients(
        database.postgres, database.vault, database.keyed_hash, SITE.id
    ).by_id_number("passport", former_version.NUMBER)
    assert found is not None
    assert found.patient.full_name == "Anna Old"
    assert database.code_hash.of("123456") == former_version.CODE
    assert database.tokens.read(former_version.TOKEN) is not None
    (template,) = await opened(database)
    assert template.template_id == former_version.TEMPLATE
    assert template.vector[-1] == 127 / 128


async def test_a_lost_secret_is_never_made_anew(clinic_url: str, tmp_path: Path) -> None:
    """After a rotation it is not the key's any more, and numbers would not be found again."""
    sources = KeySources.of_file(tmp_path / "kirdi.key")
    async with open_database(clinic_url, Limits(), SITE, sources) as database:
        clinic = Clinic(database, FakeClock())
        await clinic.import_patients(patient(1))
        await rotate(clinic, sources)
        await clinic.execute("DELETE FROM site_secrets")
    with pytest.raises(VaultError, match="has lost the secrets"):
        await _fill(clinic_url, tmp_path / "kirdi.key", 2)


async def test_rows_that_were_moved_do_not_open(clinic: Clinic) -> None:
    """With the key at hand: whoever can write to the database makes nobody somebody else."""
    for number in (1, 2):
        await clinic.import_patients(patient(number))
        await clinic.enrol(number)
    base = clinic.database
    whole = {one.template_id for one in await opened(base)}
    assert len(whole) == 2
    swaps = {
        "vectors": "UPDATE templates t SET sealed_vector = o.sealed_vector FROM templates o "
        "WHERE o.template_id <> t.template_id",
        "vectors and keys": "WITH k AS (UPDATE template_keys t SET wrapped_key = o.wrapped_key "
        "FROM template_keys o WHERE o.template_id <> t.template_id) "
        "UPDATE templates t SET sealed_vector = o.sealed_vector FROM templates o "
        "WHERE o.template_id <> t.template_id",
        "packs": "UPDATE templates SET pack_id = 'other'",
        "versions": "UPDATE template_keys SET wrapped_key = set_byte(wrapped_key, 0, 1)",
        "keys' names": "UPDATE template_keys SET wrapped_key = set_byte(wrapped_key, 1, 0)",
    }
    for name, statement in swaps.items():
        async with undone(clinic) as connection:
            await connection.execute(statement)
            rows = await connection.fetch(ALL_TEMPLATES)
            assert unsealed(rows, base.vault)[0] == [], name
    # Whose patient it is, exchanged as a whole: the owners stand in each row's seal.
    async with undone(clinic) as connection:
        await connection.execute("ALTER TABLE templates DROP CONSTRAINT templates_one_per_pack")
        await connection.execute(
            "UPDATE templates t SET patient_id = o.patient_id FROM templates o "
            "WHERE o.template_id <> t.template_id"
        )
        assert unsealed(await connection.fetch(ALL_TEMPLATES), base.vault)[0] == []
    patients = Patients(base.postgres, base.vault, base.keyed_hash, SITE.id)
    await clinic.execute(
        "UPDATE patients p SET wrapped_key = o.wrapped_key, sealed_profile = o.sealed_profile "
        "FROM patients o WHERE o.patient_id <> p.patient_id"
    )
    with pytest.raises(VaultError, match=r"data-key of patient .* does not open"):
        await patients.by_ref("P-1")
    assert {one.template_id for one in await opened(base)} == whole


async def test_a_stolen_database_says_nothing_without_the_key(
    clinic: Clinic, migrated_url: str, tmp_path: Path
) -> None:
    await clinic.import_patients(replace(patient(1), id_type="passport", id_number="N7654321"))
    await clinic.enrol(1)
    file = tmp_path / "stolen"
    await PostgresTools(
        postgres_binaries()[0].folder, as_role(migrated_url, DatabaseRole.OWNER)
    ).dump(file, SITE.id)
    process = await asyncio.create_subprocess_exec(
        postgres_binaries()[0].folder / "pg_restore", "--file=-", file, stdout=subprocess.PIPE
    )
    dump, _ = await process.communicate()
    (template,) = await opened(clinic.database)
    assert b"P-1" in dump, "the search finds what is there"
    for secret in (
        b"Full Name 1",
        b"N7654321",
        template.vector.tobytes().hex().encode(),
        (tmp_path / "kirdi.key").read_bytes().hex().encode(),
        clinic.database.secrets.derive("kirdi/identity-number/v1").hex().encode(),
    ):
        assert secret not in dump
    other = tmp_path / "other.key"
    KeyFile(other).create()
    with pytest.raises(VaultError, match="is not the key that database"):
        await _fill(migrated_url, other, 2)


async def test_the_servers_statistics_sample_no_key(clinic: Clinic) -> None:
    """What ANALYZE has seen stays in a table of the server's own, which no erasure rewrites."""
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT attrelid::regclass::text || '.' || attname AS name, attstattarget FROM "
            "pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relkind = 'r' "
            "AND starts_with(attname, 'wrapped_')"
        )
    assert {"patients.wrapped_key", "template_keys.wrapped_key"} <= {row["name"] for row in rows}
    assert [row["name"] for row in rows if row["attstattarget"] != 0] == []
