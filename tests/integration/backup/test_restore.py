"""A restore works on an empty machine, and brings back nobody who withdrew."""

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import yaml

from streamer.acting import acting
from streamer.backend import Backend, open_backend
from streamer.backup.creating import create_backup
from streamer.backup.manifest import DUMP, MANIFEST, measure
from streamer.backup.restored_accounts import RestoredAccounts
from streamer.backup.restoring import Restored, RestoreWish, restore_backup, settle_database
from streamer.backup.tools import PostgresTools
from streamer.clock import SystemClock
from streamer.crypto.keyfile import KeyFile
from streamer.domain.actor import SERVICE
from streamer.embedded.services import EmbeddedServers
from streamer.errors import BackupError, DatabaseError, KirdiError
from streamer.key_places import key_places
from streamer.storage.database_role import DatabaseRole
from streamer.storage.key_exchange import KeyExchange
from streamer.storage.schema import migrate
from tests.integration.backup.conftest import BackedUp, Machine
from tests.integration.storage.clinic import CHECK_IN
from tests.integration.storage.rotation import opened
from tests.servers import know_embedded


def wish(backup: Path, *registers: Path, without_register: bool = False) -> RestoreWish:
    return RestoreWish(backup, registers, without_register, SERVICE)


async def restore(machine: Machine, wanted: RestoreWish) -> Restored:
    return await restore_backup(machine.settings, machine.home, wanted, SystemClock())


@asynccontextmanager
async def opened_at(machine: Machine) -> AsyncIterator[Backend]:
    async with open_backend(machine.settings, machine.home, SystemClock()) as backend:
        yield backend


async def recognisable(backend: Backend) -> set[str]:
    """Whose templates are there and open."""
    ids = [one.patient_id for one in await opened(backend.database)]
    async with backend.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT patient_ref FROM patients WHERE patient_id = ANY($1)", ids
        )
    return {row["patient_ref"] for row in rows}


def checkpoints_brought_along(backed_up: BackedUp, machine: Machine) -> Path:
    """The audit's checkpoints outlived the former machine."""
    shutil.copytree(backed_up.machine.home / "audit", machine.home / "audit")
    return machine.home / "audit" / "checkpoints.jsonl"


async def test_an_empty_machine_gets_everybody_but_who_withdrew(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    machine = backed_up.new_machine(tmp_path)
    checkpoints = checkpoints_brought_along(backed_up, machine)
    keeping = replace(wish(backed_up.backup), keep_accounts=("Aigul", "gone", "nobody"))
    restored = await restore(machine, keeping)
    assert restored.settled.patients == len(restored.settled.receipts) == 1
    # Whoever left since must not be back, and who had left before is not brought back by a name.
    assert restored.accounts == RestoredAccounts(("bota", "gone"), ("aigul",), ("nobody",))
    assert restored.obstacle is None
    # What the checkpoints know beyond the backup is lost, and no sign of tampering.
    assert restored.audit is not None
    assert (restored.audit.findings, restored.audit.obstacle) == ((), None)
    assert restored.audit.checkpoints > 0
    assert restored.audit.lost > 0
    async with opened_at(machine) as backend:
        checked = await backend.audit_check.run((), SERVICE)
        assert checked.findings == ()
        assert any("was restored at" in note for note in checked.notes)
        assert checkpoints.exists()
        assert await recognisable(backend) == {"P-2", "P-3"}
        (receipt,) = await backend.consents_list.listed_receipts(SERVICE, "P-1")
        assert receipt.erasure_id in restored.settled.receipts
        assert receipt.templates == 1
        assert receipt.log_clean_at is not None
        states = {
            row.patient_ref: row.status for row in await backend.consents_list.of_patient("P-1")
        }
        assert states == {"P-1": "inactive"}
        # It may have been revoked since the backup: nobody knows.
        (token,) = await backend.tokens.listed()
        assert token.revoked_at is not None
        now, (kiosk,) = SystemClock().now(), await backend.devices.listed()
        assert kiosk.state(now) == "unpaired"
        assert await backend.devices.find(backed_up.tablet.read_text(), now) is None
        may = {one.name: one.disabled_at is None for one in await backend.accounts.listed()}
        assert may == {"aigul": True, "bota": False, "gone": False}
    # It goes on as a site does: what is withdrawn now is in this machine's register, and its copy.
    async with opened_at(machine) as backend:
        await backend.consents.withdraw("P-2", (CHECK_IN,), SERVICE, SystemClock().now())
        await backend.remnants.destroy()
    (copied,) = machine.nas.glob("*/erasures.jsonl")
    assert len(copied.read_text().splitlines()) == 5
    with pytest.raises(BackupError, match="is not empty, and a restore overwrites nothing"):
        await restore(machine, wish(backed_up.backup))


async def test_a_site_among_several_gets_a_key_of_its_own_by_moving(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    """Where several sites share a database its key is not exchanged; no new one is made either."""
    machine = backed_up.new_machine(tmp_path)
    told: list[str] = []

    async def rotate(at: Machine) -> None:
        async with opened_at(at) as backend:
            sources = key_places(at.settings.keys, at.home)
            exchange = KeyExchange(
                backend.key_rotation, backend.database.vault, sources, backend.clock
            )
            await exchange.run(SERVICE, None, 0.0, told.append)

    with pytest.raises(DatabaseError, match=r"serves 2 sites.*backup create.*backup restore"):
        await rotate(backed_up.machine)
    assert told == []
    assert not (backed_up.machine.home / "keys" / "kek.next").exists()
    checkpoints = checkpoints_brought_along(backed_up, machine)
    first, *others = checkpoints.read_bytes().splitlines(keepends=True)
    checkpoints.write_bytes(b"".join([first.replace(b'"0":"', b'"0":"9', 1), *others]))
    restored = await restore(machine, wish(backed_up.backup))
    # What does not agree is told, and never noted as if it did.
    assert restored.audit is not None
    assert restored.audit.findings
    assert b"restored" not in checkpoints.read_bytes()
    await rotate(machine)
    async with opened_at(machine) as backend:
        assert await recognisable(backend) == {"P-2", "P-3"}


Harm = Callable[[Machine, Path], None]


def _without_register(machine: Machine, _: Path) -> None:
    shutil.rmtree(machine.nas)


def _with_an_older_register(machine: Machine, _: Path) -> None:
    (state,) = machine.nas.glob("*/complete.json")
    said = json.loads(state.read_text())
    state.write_text(json.dumps(said | {"as_of": "2026-01-01T00:00:00+00:00"}))


def _with_lines_lost(machine: Machine, _: Path) -> None:
    (lines,) = machine.nas.glob("*/erasures.jsonl")
    lines.write_bytes(lines.read_bytes().splitlines(keepends=True)[0])


def _with_a_withdrawal_taken_out(nas: Path) -> None:
    """By somebody without the key, who puts the number right."""
    (lines,), (state,) = nas.glob("*/erasures.jsonl"), nas.glob("*/complete.json")
    lines.write_bytes(b"")
    state.write_text(json.dumps(json.loads(state.read_text()) | {"lines": 0}))


def _without_key(machine: Machine, _: Path) -> None:
    (machine.home / "keys" / "kek").unlink()


def _with_another_key(machine: Machine, _: Path) -> None:
    (machine.home / "keys" / "kek").unlink()
    KeyFile(machine.home / "keys" / "kek").create()


def _with_a_flipped_bit(_: Machine, backup: Path) -> None:
    content = bytearray((backup / DUMP).read_bytes())
    content[len(content) // 2] ^= 1
    (backup / DUMP).write_bytes(content)


def _cut_short(_: Machine, backup: Path) -> None:
    (backup / DUMP).write_bytes((backup / DUMP).read_bytes()[:-1])


def _with_an_older_date(_: Machine, backup: Path) -> None:
    """So that an older register would do."""
    text = (backup / MANIFEST).read_text()
    (backup / MANIFEST).write_text(text.replace("2026-", "2025-", 1))


def _with_another_dump(_: Machine, backup: Path) -> None:
    """And its digest put into the manifest, by somebody without the key."""
    (backup / DUMP).write_bytes(b"PGDMP")
    found = measure(backup / DUMP)
    said = json.loads((backup / MANIFEST).read_text())
    said["files"] = {DUMP: {"size": found.size, "sha256": found.sha256}}
    (backup / MANIFEST).write_text(json.dumps(said))


def _without_manifest(_: Machine, backup: Path) -> None:
    (backup / MANIFEST).unlink()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_without_register, "no register of erasures of this database"),
        (_with_an_older_register, "the register of erasures ends at 2026-01-01"),
        (_with_lines_lost, r"erasures\.jsonl: is damaged"),
        (_without_key, r"needs key .* nothing was written"),
        (_with_another_key, r"needs key .* nothing was written"),
        (_with_a_flipped_bit, "is not what it was"),
        (_cut_short, "is not what it was"),
        (_with_an_older_date, "was changed since it was made"),
        (_with_another_dump, "was changed since it was made"),
        (_without_manifest, "holds no readable manifest"),
    ],
)
async def test_what_must_not_be_restored_is_refused_and_nothing_written(
    backed_up: BackedUp, tmp_path: Path, harm: Harm, words: str
) -> None:
    machine = backed_up.new_machine(tmp_path)
    backup = shutil.copytree(backed_up.backup, tmp_path / "backup")
    harm(machine, backup)
    with pytest.raises(KirdiError, match=words):
        await restore(machine, wish(backup))
    assert not (machine.home / "embedded").exists()


async def test_without_a_register_it_has_to_be_said(backed_up: BackedUp, tmp_path: Path) -> None:
    machine = backed_up.new_machine(tmp_path)
    shutil.rmtree(machine.nas)
    machine.nas.mkdir()
    restored = await restore(machine, wish(backed_up.backup, without_register=True))
    assert restored.complete_to is None
    async with opened_at(machine) as backend:
        assert await recognisable(backend) == {"P-1", "P-2", "P-3"}
        async with backend.database.postgres.connection() as connection:
            reason = await connection.fetchval(
                "SELECT body ->> 'reason' FROM audit_events WHERE body ->> 'entity_type' = 'backup'"
            )
    assert reason == "restored without register"


async def test_what_was_restored_by_hand_is_refused_until_it_is_settled(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    machine = backed_up.new_machine(tmp_path)
    shutil.copytree(machine.nas, machine.home / "register")
    servers = EmbeddedServers(machine.home)
    holder = await asyncio.to_thread(servers.acquire, database=True, redis=False)
    try:
        url = know_embedded(servers)
        tools = PostgresTools.of(machine.settings, machine.home, url)
        await tools.restore(backed_up.backup / DUMP, "test-1")
        await migrate(url)
        with pytest.raises(DatabaseError, match=r"an older one that was restored.*backup settle"):
            async with opened_at(machine):
                pytest.fail("it may not open")
        settled = await settle_database(machine.settings, machine.home, wish(Path()), SystemClock())
        assert settled.settled.patients == 1
        async with opened_at(machine) as backend:
            assert await recognisable(backend) == {"P-2", "P-3"}
    finally:
        await asyncio.to_thread(servers.release, holder)


async def test_a_restore_that_ends_half_way_is_refused_and_gone_on_with(
    backed_up: BackedUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = backed_up.new_machine(tmp_path)
    servers = EmbeddedServers(machine.home)
    holder = await asyncio.to_thread(servers.acquire, database=True, redis=True)
    url = know_embedded(servers)

    def ends(*_: object, **__: object) -> None:
        raise KirdiError("it ends here")

    try:
        for part in ("PostgresTools.restore", "migrate", "settle", "append"):
            with monkeypatch.context() as patched:
                patched.setattr(f"streamer.backup.restoring.{part}", ends)
                with pytest.raises(KirdiError, match="it ends here"):
                    await restore(machine, wish(backed_up.backup))
            assert await _state(machine, url) == "refused"
        _with_a_withdrawal_taken_out(machine.nas)
        with pytest.raises(BackupError, match="is not as Kirdi wrote it"):
            await restore(machine, wish(backed_up.backup))
        assert await _state(machine, url) == "refused"
        shutil.rmtree(machine.nas)
        shutil.copytree(backed_up.machine.nas, machine.nas)
        restored = await restore(machine, wish(backed_up.backup))
        assert restored.settled.patients == 0
        # What an interrupted attempt has added since is not taken for tampering.
        assert restored.audit is not None
        assert (restored.audit.findings, restored.audit.obstacle) == ((), None)
        async with opened_at(machine) as backend:
            assert await recognisable(backend) == {"P-2", "P-3"}
    finally:
        await asyncio.to_thread(servers.release, holder)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_restore_that_is_killed_is_refused_and_gone_on_with(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    """kill -9 at several moments; in between nobody gets at what had been withdrawn."""
    machine = backed_up.new_machine(tmp_path)
    servers = EmbeddedServers(machine.home)
    holder = await asyncio.to_thread(servers.acquire, database=True, redis=True)
    url = know_embedded(servers)
    seen = set()
    try:
        for seconds in (1.6, 2.0, 2.4, 2.8, 3.4, 4.2, 60.0):
            code = await _restoring(machine, backed_up.backup, seconds)
            if code == 0:
                break
            seen.add(await _state(machine, url))
            if "done" in seen:
                break
        else:
            pytest.fail("it never ended")
        async with opened_at(machine) as backend:
            assert await recognisable(backend) == {"P-2", "P-3"}
    finally:
        await asyncio.to_thread(servers.release, holder)
    assert seen <= {"empty", "refused", "done"}


async def _restoring(machine: Machine, backup: Path, seconds: float) -> int | None:
    """Run the command; kill it after so long."""
    file = machine.home / "kirdi.yaml"
    settings = {
        "site": machine.settings.site.model_dump(mode="json"),
        "backup": {"register_copies": [str(machine.nas)]},
    }
    file.write_text(yaml.safe_dump(settings))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streamer.cli", "backup", "restore", str(backup)),
        env=os.environ | {"KIRDI_HOME": str(machine.home), "KIRDI_CONFIG": str(file)},
        stderr=subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(child.wait(), seconds)
    except TimeoutError:
        child.kill()
        await child.wait()
    return child.returncode


async def _state(machine: Machine, url: str) -> str:
    """What another command finds."""
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass('kirdi_restore')") is None:
            filled = await connection.fetchval("SELECT to_regclass('patients')")
            # Without its mark it is not there yet, or all was done before the command was killed.
            return "empty" if filled is None else "done"
    finally:
        await connection.close()
    with pytest.raises(DatabaseError, match="is being restored from a backup"):
        async with opened_at(machine):
            pytest.fail("it may not open")
    with pytest.raises(DatabaseError, match="is being restored from a backup"):
        await migrate(url)
    return "refused"


def test_a_backup_that_does_not_fit_leaves_nothing(backed_up: BackedUp, tmp_path: Path) -> None:
    done = _creating(backed_up.machine, tmp_path, most_bytes=16_384)
    assert done.returncode == 14, done.stderr
    assert "pg_dump" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list((tmp_path / "new").iterdir()) == []


def test_the_command_makes_a_backup(backed_up: BackedUp, tmp_path: Path) -> None:
    done = _creating(backed_up.machine, tmp_path, most_bytes=1 << 30)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "new").iterdir()
    assert {one.name for one in folder.iterdir()} == {DUMP, MANIFEST}
    assert [one.stat().st_mode & 0o077 for one in (folder, *folder.iterdir())] == [0, 0, 0]


def _creating(
    machine: Machine, folder: Path, *, most_bytes: int
) -> subprocess.CompletedProcess[str]:
    """Run the command; no file that it writes may be larger."""
    file = folder / "kirdi.yaml"
    file.write_text(yaml.safe_dump({"site": machine.settings.site.model_dump(mode="json")}))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.run(
        [sys.executable, "-m", "streamer.cli", "backup", "create", str(folder / "new" / "one")],
        env=os.environ | {"KIRDI_HOME": str(machine.home), "KIRDI_CONFIG": str(file)},
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )


async def test_a_folder_that_is_there_is_never_written_over(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    (tmp_path / "there").mkdir()
    async with opened_at(backed_up.machine) as backend:
        tools = PostgresTools(None, backend.services.url_as(DatabaseRole.OWNER))
        with pytest.raises(BackupError, match="is there already"):
            await create_backup(backend, tools, tmp_path / "there", acting(backend.settings))


def test_the_key_is_in_no_backup(backed_up: BackedUp) -> None:
    key = (backed_up.machine.home / "keys" / "kek").read_bytes()
    for file in backed_up.backup.iterdir():
        content = file.read_bytes()
        assert key not in content
        assert key.hex().encode() not in content
    assert (backed_up.backup / DUMP).stat().st_size > 10_000
    assert datetime.fromisoformat(
        json.loads((backed_up.backup / MANIFEST).read_text())["taken_at"]
    ) < datetime.now(UTC)
