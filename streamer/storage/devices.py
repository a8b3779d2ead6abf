"""Tablets and screens bound to the site: registered, paired, found, revoked.

Used by `web` and `kirdi devices`.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from streamer.crypto.web_secrets import WebSecrets, new_pairing_code, new_session_secret
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind, AuditOutcome
from streamer.domain.device import DeviceKind, DeviceRow, NewDevice, PairedDevice, PairingCode
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql

PAIRING: Final = timedelta(minutes=10)
"""So long a pairing code is good."""

_TOUCH_EVERY: Final = timedelta(minutes=1)


class PostgresDevices:
    """The devices of a site; of tokens and pairing codes only keyed hashes are stored."""

    def __init__(self, postgres: Postgres, site_id: str, secrets: WebSecrets) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id
        self._secrets = secrets

    async def add(self, new: NewDevice, by: Actor, now: datetime) -> PairingCode:
        """Register a device.

        Returns:
            The code to pair it with: it is shown once.

        Raises:
            InputError: There is one of this name.
            DatabaseError: It is not known to be there.
        """
        key, code, until = uuid4(), new_pairing_code(), now + PAIRING
        async with self._postgres.transaction() as connection:
            made = await connection.fetchval(
                sql("insert_device"),
                key,
                self._site_id,
                new.device_id,
                new.kind.value,
                new.building,
                new.days,
                self._secrets.pairing(code),
                until,
                now,
                by.name,
            )
            if made is None:
                raise InputError(
                    f"device {new.device_id}: there is one already; draw it a new pairing code, or "
                    "revoke it first",
                    code="name_taken",
                )
            detail = (("device", new.device_id), ("kind", new.kind.value))
            event = _event(AuditAction.CREATE, key, by.name, now, detail)
            await append(connection, self._site_id, [event])
        return PairingCode(new.device_id, code, until)

    async def draw(self, device_id: str, by: Actor, now: datetime) -> PairingCode:
        """Draw a device another pairing code; the former one is good for nothing any more.

        Raises:
            InputError: There is no such device in force.
            DatabaseError: It is not known to be in force.
        """
        code, until = new_pairing_code(), now + PAIRING
        async with self._postgres.transaction() as connection:
            key = await connection.fetchval(
                sql("draw_pairing"), self._site_id, device_id, self._secrets.pairing(code), until
            )
            if key is None:
                raise InputError(f"device {device_id}: there is none in force of this name")
            detail = (("device", device_id), ("what", "pairing-code"))
            event = _event(AuditAction.UPDATE, key, by.name, now, detail)
            await append(connection, self._site_id, [event])
        return PairingCode(device_id, code, until)

    async def pair(self, code: str, now: datetime) -> tuple[PairedDevice, str, datetime] | None:
        """Use a pairing code up.

        Returns:
            The device, its token and until when that is good; None where the code is none.

        Raises:
            DatabaseError: It is not known to be paired.
        """
        token = new_session_secret()
        async with self._postgres.transaction() as connection:
            row = await connection.fetchrow(
                sql("pair_device"),
                self._site_id,
                self._secrets.pairing(code),
                self._secrets.device(token),
                now,
            )
            if row is None:
                failed = AuditEvent(
                    AuditKind.SIGN_IN,
                    AuditAction.EXECUTE,
                    "device",
                    now,
                    outcome=AuditOutcome.MINOR_FAILURE,
                    entity_type="device",
                    reason="unknown-code",
                )
                await append(connection, self._site_id, [failed])
                return None
            device = PairedDevice(row["device_id"], DeviceKind(row["kind"]), row["building"])
            detail = (("device", device.device_id), ("what", "paired"))
            event = _event(AuditAction.UPDATE, row["device_key"], device.account, now, detail)
            await append(connection, self._site_id, [event])
        return device, token, now + timedelta(days=row["days"])

    async def find(self, token: str, now: datetime) -> PairedDevice | None:
        """Return whose token it is, if it is in force, and note that it was used."""
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(
                sql("find_device"), self._site_id, self._secrets.device(token), now
            )
            if row is None:
                return None
            used = row["last_used_at"]
            if used is None or now - used >= _TOUCH_EVERY:
                await connection.execute(sql("touch_device"), row["device_key"], now)
        return PairedDevice(row["device_id"], DeviceKind(row["kind"]), row["building"])

    async def revoke(self, device_id: str, by: Actor, now: datetime) -> None:
        """Take a device out of force, at once.

        Raises:
            InputError: There is no such device in force.
            DatabaseError: It is not known to be out of force.
        """
        async with self._postgres.transaction() as connection:
            key = await connection.fetchval(sql("revoke_device"), self._site_id, device_id, now)
            if key is None:
                raise InputError(f"device {device_id}: there is none in force of this name")
            event = _event(AuditAction.DELETE, key, by.name, now, (("device", device_id),))
            await append(connection, self._site_id, [event])

    async def listed(self) -> list[DeviceRow]:
        """All of them, revoked ones too."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_devices"), self._site_id)
        return [DeviceRow(**(dict(row) | {"kind": DeviceKind(row["kind"])})) for row in rows]


def _event(
    action: AuditAction, key: UUID, by: str, now: datetime, detail: tuple[tuple[str, str], ...]
) -> AuditEvent:
    return AuditEvent(
        AuditKind.ACCOUNT_CHANGE,
        action,
        by,
        now,
        entity_type="device",
        entity_id=str(key),
        detail=detail,
    )
