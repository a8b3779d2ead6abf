"""A clinic that was backed up, after which a patient withdrew; and machines to restore it on."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import Backup, Settings, Site
from streamer.acting import acting
from streamer.backend import open_backend
from streamer.backup.creating import create_backup
from streamer.backup.tools import PostgresTools
from streamer.clock import SystemClock
from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE
from streamer.domain.device import DeviceKind, NewDevice
from streamer.domain.role import Role
from streamer.embedded.services import EmbeddedServers
from streamer.storage.database_role import DatabaseRole
from streamer.storage.site_logins import serve_site
from tests.fakes.clock import FakeClock
from tests.integration.storage.clinic import CHECK_IN, SITE, Clinic, patient
from tests.servers import in_thread, spare_disk

NEIGHBOUR = Site(id="other-1", name="Another clinic")


@dataclass(frozen=True)
class Machine:
    """One home folder, and where its register is copied to."""

    home: Path
    nas: Path

    @property
    def settings(self) -> Settings:
        return Settings(site=SITE, backup=Backup(register_copies=(self.nas,)))


@dataclass(frozen=True)
class BackedUp:
    """P-1 withdrew after the backup, P-2 and P-3 did not."""

    machine: Machine
    backup: Path

    @property
    def tablet(self) -> Path:
        """Holds the token of a kiosk that was stolen, and revoked, after the backup."""
        return self.backup.with_name("tablet")

    def new_machine(self, folder: Path) -> Machine:
        """Settings, key and the copied register: all that is left."""
        machine = Machine(folder / "home", folder / "nas")
        machine.home.mkdir(parents=True, mode=0o700)
        shutil.copytree(self.machine.home / "keys", machine.home / "keys")
        shutil.copytree(self.machine.nas, machine.nas)
        return machine


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackedUp]:
    folder = tmp_path_factory.mktemp("backed-up")
    machine = Machine(folder / "home", folder / "nas")
    machine.nas.mkdir()
    machine.home.mkdir(mode=0o700)
    servers = EmbeddedServers(machine.home)
    holder = servers.acquire(database=True, redis=True)
    spare_disk(machine.home)
    in_thread(lambda: _fill(machine, folder / "backup"))
    yield BackedUp(machine, folder / "backup")
    servers.release(holder)


async def _fill(machine: Machine, folder: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    async with open_backend(machine.settings, machine.home, clock) as backend:
        clinic = Clinic(backend.database, clock)
        await clinic.import_patients(*(patient(number) for number in (1, 2, 3)))
        for number in (1, 2, 3):
            await clinic.enrol(number)
        await backend.accounts.add(NewAccount("aigul", (Role.ADMIN,)), SERVICE, clock.now())
        for name in ("bota", "gone"):
            await backend.accounts.add(NewAccount(name, (Role.HEAD,)), SERVICE, clock.now())
        await backend.accounts.disable("gone", SERVICE, clock.now())
        await backend.tokens.create(
            "aigul", "board", ("check-ins:read",), timedelta(days=90), SERVICE, clock.now()
        )
        kiosk = NewDevice("kiosk-7", DeviceKind.KIOSK, "main", 180)
        made = await backend.devices.add(kiosk, SERVICE, clock.now())
        paired = await backend.devices.pair(made.code, clock.now())
        assert paired is not None
        folder.with_name("tablet").write_text(paired[1])
        url = backend.services.url_as(DatabaseRole.OWNER)
        # A neighbour in the same database: the backup holds nothing of theirs.
        await serve_site(url, NEIGHBOUR, backend.services.login_urls, several=True)
        tools = await asyncio.to_thread(PostgresTools.of, machine.settings, machine.home, url)
        await create_backup(backend, tools, folder, acting(machine.settings))
        await backend.devices.revoke("kiosk-7", SERVICE, clock.now())
        await backend.consents.withdraw("P-1", (CHECK_IN,), SERVICE, SystemClock().now())
        await backend.remnants.destroy()
