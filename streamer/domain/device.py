"""A tablet or screen that is bound to the site. Kept by `storage.devices`, used by `web`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DeviceKind(StrEnum):
    """What it is for, and all that it may do."""

    KIOSK = "kiosk"
    BOARD = "board"


@dataclass(frozen=True, slots=True)
class PairedDevice:
    """A device whose token is in force.

    Attributes:
        device_id: As reception calls it; codes shown there count as tried at it.
        building: Where it stands.
    """

    device_id: str
    kind: DeviceKind
    building: str

    @property
    def account(self) -> str:
        """What is recorded of whatever it does; no account of a person has a colon in it."""
        return f"device:{self.device_id}"


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device to register; its token lasts `days` from when it is paired."""

    device_id: str
    kind: DeviceKind
    building: str
    days: int


@dataclass(frozen=True, slots=True)
class PairingCode:
    """What is typed at the tablet, once, before `until`. In memory only."""

    device_id: str
    code: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device as reception sees it; its token is nowhere. Times are UTC.

    Attributes:
        pairing_until: A pairing code is in force until then; None = none.
        paired_at: None = never yet.
        expires_at: Of its token.
    """

    device_id: str
    kind: DeviceKind
    building: str
    created_at: datetime
    created_by: str
    pairing_until: datetime | None
    paired_at: datetime | None
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> str:
        """revoked, in-force, expired, pairing or unpaired."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at > now:
            return "in-force"
        if self.pairing_until is not None and self.pairing_until > now:
            return "pairing"
        return "unpaired" if self.expires_at is None else "expired"
