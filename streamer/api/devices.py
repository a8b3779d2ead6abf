"""Tablets and screens of the site, for `web.resources.Devices`."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from config.settings import Settings
from streamer.checkin.codes.qr_picture import qr_modules
from streamer.clock import Clock
from streamer.domain import device as domain
from streamer.domain.actor import Actor
from streamer.errors import InputError
from streamer.storage.devices import PostgresDevices
from streamer.web.models.devices import DevicePairing, DeviceWanted, SiteDevice

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class ApiDevices:
    """The devices of one site."""

    def __init__(self, settings: Settings, devices: PostgresDevices, clock: Clock) -> None:
        """Keep the collaborators."""
        self._settings = settings
        self._devices = devices
        self._clock = clock

    async def listed(self) -> Sequence[SiteDevice]:
        """All of them, revoked ones too; raises DatabaseError."""
        now = self._clock.now()
        return [_device(one, now) for one in await self._devices.listed()]

    async def add(self, wanted: DeviceWanted, by: Actor, origin: str) -> DevicePairing:
        """Register one; raises InputError, DatabaseError."""
        new = new_device(
            self._settings, wanted.device_id, wanted.kind, wanted.building, wanted.days
        )
        return _pairing(await self._devices.add(new, by, self._clock.now()), origin)

    async def draw(self, device_id: str, by: Actor, origin: str) -> DevicePairing:
        """Draw it another pairing code; raises InputError, DatabaseError."""
        return _pairing(await self._devices.draw(device_id, by, self._clock.now()), origin)

    async def revoke(self, device_id: str, by: Actor) -> SiteDevice | None:
        """Take it out of force; None = there is none in force. Raises DatabaseError."""
        now = self._clock.now()
        try:
            await self._devices.revoke(device_id, by, now)
        except InputError:
            return None
        found = [one for one in await self._devices.listed() if one.device_id == device_id]
        return _device(max(found, key=lambda one: one.created_at), now)


def new_device(
    settings: Settings, device_id: str, kind: domain.DeviceKind, building: str | None, days: int
) -> domain.NewDevice:
    """Check a device against the settings; `building` None = the site's first.

    Raises:
        InputError: The name cannot be one, or is another device's or a camera's, or there is no
            such building.
    """
    if not _NAME.fullmatch(device_id):
        raise InputError(
            f"device {device_id!r}: a name is made of a-z, 0-9, - and _, such as kiosk-7"
        )
    taken = {*settings.codes.devices, *(one.id for one in settings.cameras)}
    if device_id in taken:
        # Codes tried at one would count against the other.
        raise InputError(
            f"device {device_id}: a camera or another device has this name; take another one"
        )
    known = settings.site.buildings
    if building is not None and building not in known:
        raise InputError(
            f"building {building}: this site has no such building ({', '.join(known)})",
            command="site.buildings of the settings names them",
        )
    return domain.NewDevice(device_id, kind, building or known[0], days)


def pairing_address(origin: str, code: str) -> str:
    """What the tablet opens. The code stands behind #, which no server and no log is sent."""
    return f"{origin}/kiosk/pair#{code}"


def _pairing(made: domain.PairingCode, origin: str) -> DevicePairing:
    address = pairing_address(origin, made.code)
    return DevicePairing(
        device_id=made.device_id,
        code=made.code,
        address=address,
        qr=list(qr_modules(address)),
        expires_at=made.until,
    )


def _device(one: domain.DeviceRow, now: datetime) -> SiteDevice:
    return SiteDevice.model_validate(
        {
            "device_id": one.device_id,
            "kind": one.kind,
            "building": one.building,
            "state": one.state(now),
            "created_at": one.created_at,
            "created_by": one.created_by,
            "paired_at": one.paired_at,
            "expires_at": one.expires_at,
            "last_used_at": one.last_used_at,
            "revoked_at": one.revoked_at,
        }
    )
