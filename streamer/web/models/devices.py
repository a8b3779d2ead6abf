"""Tablets and screens that are bound to the site."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from streamer.domain.device import DeviceKind
from streamer.web.fields import Named
from streamer.web.models.base import Answer, Sent


class SiteDevice(Answer):
    """A tablet or a screen. What it comes with is told to nobody."""

    device_id: str
    kind: DeviceKind
    building: str
    state: Literal["unpaired", "pairing", "in-force", "expired", "revoked"]
    created_at: datetime
    created_by: str
    paired_at: datetime | None
    expires_at: datetime | None = Field(description="pair it anew by then; null = never paired")
    last_used_at: datetime | None
    revoked_at: datetime | None


class DeviceWanted(Sent):
    """A device to register."""

    device_id: Named = Field(
        description="what you call it; codes shown there count as tried at it", examples=["kiosk-7"]
    )
    kind: DeviceKind = DeviceKind.KIOSK
    building: Named | None = Field(
        None, description="one of site.buildings; null = the first", examples=[None]
    )
    days: Annotated[int, Field(ge=1, le=366)] = Field(
        180, description="it has to be paired anew after so long"
    )


class DevicePairing(Answer):
    """How a tablet is paired: open `address` there, or type `code` on that page."""

    device_id: str
    code: str = Field(description="shown this once; good once, for ten minutes")
    address: str = Field(description="of this site's server; what a QR code of it would hold")
    qr: list[str] = Field(description="its QR code, a line a row of modules: 1 = dark")
    expires_at: datetime


class PairingShown(Sent):
    """What is typed at the tablet."""

    code: SecretStr = Field(min_length=1, max_length=32)


class Paired(Answer):
    """The tablet is one of the site's devices from now on."""

    device_id: str
    kind: DeviceKind
    expires_at: datetime
    page: str = Field(description="where it goes on")
