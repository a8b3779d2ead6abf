"""Keys are rotated while everything goes on, killed anywhere; none is left under the old one."""

import asyncio
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Database as Limits
from streamer.crypto.key_ring import wrapped_by
from streamer.crypto.key_source import KeySources
from streamer.crypto.keyfile import KeyFile
from streamer.domain.actor import SERVICE
from streamer.errors import VaultError
from streamer.storage import keys as storage_keys
from streamer.storage.database import Database, open_database
from streamer.storage.key_rotation import Rotation
from streamer.storage.key_status import key_status
from streamer.storage.patients import Patients
from streamer.storage.remnants import Left, Remnants
from tests.data import ROOT
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import NOW, SITE, Clinic, patient
from tests.integration.storage.own_server import Server, own_server
from tests.integration.storage.rotation import opened, rotate, rotation_of

PEOPLE = 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with own_server(tmp_path_factory.mktemp("rotation")) as server:
        yield server


@pytest.fixture
async def filled(server: Server) -> AsyncIterator[Clinic]:
    async with server.clinic() as clinic:
        for table in ("key_rotations", "erasures", "templates", "consents", "patients"):
            await clinic.execute(f"DELETE FROM {table}")
        await clinic.import_patients(*(patient(number) for number in range(PEOPLE)))
        for number in range(PEOPLE // 2):
            await clinic.enrol(number)
        await clinic.execute("CHECKPOINT")
        yield clinic


async def wrapped(database: Database) -> list[bytes]:
    """Every wrapped key there is."""
    async with database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT wrapped_key FROM patients UNION ALL SELECT wrapped_key FROM template_keys "
            "UNION ALL SELECT wrapped_key FROM site_secrets"
        )
    return [row["wrapped_key"] for row in rows]


class Load:
    """A process that goes on enrolling, importing and reading galleries, with a ring of its own."""

    def __init__(self, database: Database) -> None:
        self.clinic = Clinic(database, FakeClock(NOW))
        self.done: Counter[str] = Counter()
        self._stop, self._enrolled = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        number = 1000
        base = self.clinic.database
        patients = Patients(base.postgres, base.vault, base.keyed_hash, SITE.id)
        while not self._stop.is_set():
            number += 1
            await self.clinic.import_patients(patient(number), replace(patient(1), phone="+77"))
            await self.clinic.enrol(number)
            self._enrolled.set()
            self.done["read"] += len(await opened(base))
            assert await patients.by_ref("P-2") is not None
            await asyncio.sleep(0)

    async def one_more(self, working: asyncio.Task[None]) -> None:
        """Wait until somebody was enrolled from beginning to end since."""
        for _ in range(2):
            self._enrolled.clear()
            waiting = asyncio.create_task(self._enrolled.wait())
            await asyncio.wait((waiting, working), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    def stop(self) -> None:
        self._stop.set()


async def attempt(server: Server, seconds: float | None) -> int | None:
    """Rotate in a process of its own; kill it after so long. Returns its exit code."""
    command = (sys.executable, "-m", "tests.integration.storage.rotating")
    child = await asyncio.create_subprocess_exec(
        *command, server.url, str(server.key), cwd=ROOT, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        assert await asyncio.wait_for(child.stdout.readline(), 60) == b"open\n"
        await asyncio.wait_for(child.wait(), seconds)
    except TimeoutError:
        child.kill()
        await child.wait()
    return child.returncode


async def rotated_under_load(server: Server, filled: Clinic, kills: int, seed: int) -> None:
    """Rotate once, killed `kills` times at random moments, while another process works."""
    chance = random.Random(seed)
    former_id = filled.database.vault.ring.current_id
    former = await wrapped(filled.database)
    expected = {one.template_id for one in await opened(filled.database)}
    secret = filled.database.secrets.derive("kirdi/web-session/v1")
    async with server.clinic() as other:
        load = Load(other.database)
        working = asyncio.create_task(load.run())
        try:
            codes = [await attempt(server, chance.uniform(0.0, 0.5)) for _ in range(kills)]
            assert set(codes) <= {-9, 0}
            assert await attempt(server, None) == 0
            await load.one_more(working)
        finally:
            load.stop()
            await working
        assert load.done["read"] > 0
        assert await Remnants(other.database.postgres, other.clock).destroy() == Left()
    async with server.clinic() as fresh:
        ring = fresh.database.vault.ring
        assert former_id not in ring.ids
        assert {wrapped_by(one) for one in await wrapped(fresh.database)} == {ring.current_id}
        assert expected <= {one.template_id for one in await opened(fresh.database)}
        assert fresh.database.secrets.derive("kirdi/web-session/v1") == secret
        await fresh.execute("CHECKPOINT")
    left = Counter(kind for one in former for kind in server.files_with(one))
    assert left == Counter()
    assert KeyFile(server.key).read().key_id() == ring.current_id
    assert not server.key.with_name("kirdi.key.next").exists()
    retired = [one for one in server.key.parent.glob("kirdi.key.retired-*") if one.suffix != ".txt"]
    assert former_id in {KeyFile(one).read().key_id() for one in retired}


async def test_a_rotation_under_load_and_killed_ends_with_nothing_under_the_old_key(
    server: Server, filled: Clinic
) -> None:
    await rotated_under_load(server, filled, kills=2, seed=1)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(2, 6))
async def test_many_rotations_killed_at_random(server: Server, filled: Clinic, seed: int) -> None:
    await rotated_under_load(server, filled, kills=6, seed=seed)


async def test_who_was_there_before_wraps_by_the_new_key_at_once(
    clinic: Clinic, migrated_url: str, tmp_path: Path
) -> None:
    """Without waiting for its next look at the keys."""
    sources = KeySources.of_file(tmp_path / "kirdi.key")
    await clinic.import_patients(patient(1), patient(2))
    await clinic.enrol(1)
    async with open_database(migrated_url, Limits(), SITE, sources) as database:
        other = Clinic(database, FakeClock(NOW))
        await rotate(other, sources)
        # Reads what the other one has wrapped anew, and goes on wrapping by its own key until told.
        assert len(await opened(clinic.database)) == 1
        await clinic.enrol(2)
        await clinic.import_patients(patient(3))
    keys = {wrapped_by(one) for one in await wrapped(clinic.database)}
    assert keys == {clinic.database.vault.ring.current_id}


async def test_an_idle_process_follows_and_lets_go_of_the_old_key(
    clinic: Clinic, migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_keys, "FOLLOW_EVERY_S", 0.05)
    sources = KeySources.of_file(tmp_path / "kirdi.key")
    async with open_database(migrated_url, Limits(), SITE, sources) as database:
        await rotate(clinic, sources)
        current = frozenset({clinic.database.vault.ring.current_id})
        for _ in range(200):
            if database.vault.ring.ids == current:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the ring was not kept up")


async def test_two_rotations_at_once(clinic: Clinic) -> None:
    async with rotation_of(clinic).alone():
        with pytest.raises(VaultError, match="another rotation is under way"):
            async with rotation_of(clinic).alone():
                pytest.fail("it may not begin")


async def test_a_key_that_was_in_use_before_is_refused(clinic: Clinic, tmp_path: Path) -> None:
    sources = KeySources.of_file(tmp_path / "kirdi.key")
    first = KeyFile(sources.primary.path).read()  # type: ignore[attr-defined]
    await rotate(clinic, sources)
    for key in (first, sources.primary.read()):
        with pytest.raises(VaultError, match="a rotation needs a new one"):
            await rotation_of(clinic).begin(key, SERVICE, announce_s=0)


async def test_a_new_key_that_was_lost_before_it_wrapped_is_given_up(
    clinic: Clinic, migrated_url: str, tmp_path: Path
) -> None:
    file = KeyFile(tmp_path / "kirdi.key.next")
    await rotation_of(clinic).begin(file.create(), SERVICE, announce_s=0)
    assert not await rotation_of(clinic).abandon_unbegun(await _under_way(clinic), SERVICE)
    file.path.unlink()
    async with open_database(migrated_url, Limits(), SITE, tmp_path / "kirdi.key") as database:
        other = Clinic(database, FakeClock(NOW))
        assert await rotation_of(other).abandon_unbegun(await _under_way(other), SERVICE)
        assert await rotation_of(other).under_way() is None
        await rotate(other, KeySources.of_file(tmp_path / "kirdi.key"))


async def test_a_new_key_that_was_lost_half_way_is_said(
    clinic: Clinic, migrated_url: str, tmp_path: Path
) -> None:
    await clinic.import_patients(patient(1))
    sources = KeySources.of_file(tmp_path / "kirdi.key")
    rotation = rotation_of(clinic)
    begun = await rotation.begin(
        KeyFile(tmp_path / "kirdi.key.next").create(), SERVICE, announce_s=0
    )
    await rotation._in_turn(lambda connection: rotation._switch(connection, begun))
    kept = (tmp_path / "kirdi.key.next").rename(tmp_path / "elsewhere")
    with pytest.raises(VaultError, match=rf"key {begun.key_id}: .*neither .*kirdi\.key nor"):
        async with open_database(migrated_url, Limits(), SITE, sources):
            pytest.fail("it may not open")
    status = await key_status(migrated_url, Limits(), SITE, sources)
    assert any(begun.key_id in line and "not found" in line for line in status.left)
    kept.rename(tmp_path / "kirdi.key.next")
    async with open_database(migrated_url, Limits(), SITE, sources) as database:
        await rotate(Clinic(database, FakeClock(NOW)), sources)
    status = await key_status(migrated_url, Limits(), SITE, sources)
    found = {(one.state, one.patients, one.secrets) for one in status.keys}
    assert found == {("retired", 0, 0), ("current", 1, 1)}


async def test_a_row_that_does_not_open_keeps_the_old_key(clinic: Clinic, tmp_path: Path) -> None:
    await clinic.import_patients(patient(1), patient(2))
    await clinic.execute(
        "UPDATE patients SET wrapped_key = set_byte(wrapped_key, 40, "
        "get_byte(wrapped_key, 40) # 1) WHERE patient_ref = 'P-1'"
    )
    with pytest.raises(VaultError, match=r"data-key of patient .* does not open"):
        await rotate(clinic, KeySources.of_file(tmp_path / "kirdi.key"))
    states = {one[0] for one in await _states(clinic)}
    assert states == {"current", "retiring"}


async def test_the_rotation_is_in_the_audit(clinic: Clinic, tmp_path: Path) -> None:
    await rotate(clinic, KeySources.of_file(tmp_path / "kirdi.key"))
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT body ->> 'reason' AS step, body ->> 'entity_id' AS key FROM audit_events "
            "WHERE kind = 'key-rotation' ORDER BY recorded_at"
        )
    current = clinic.database.vault.ring.current_id
    assert [tuple(row) for row in rows] == [("begun", current), ("rewrapped", current)]


async def _under_way(clinic: Clinic) -> Rotation:
    found = await rotation_of(clinic).under_way()
    assert found is not None
    return found


async def _states(clinic: Clinic) -> list[tuple[str]]:
    async with clinic.database.postgres.connection() as connection:
        return [tuple(row) for row in await connection.fetch("SELECT state FROM wrapping_keys")]
