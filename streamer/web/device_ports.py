"""What the routes of tablets and screens ask for. Part of `resources`, filled by `streamer.api`."""

from collections.abc import Sequence
from typing import Literal, Protocol
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.domain.device import PairedDevice
from streamer.web.models.devices import DevicePairing, DeviceWanted, SiteDevice
from streamer.web.models.kiosk import BoardLine, KioskAnswer, KioskCall


class Kiosk(Protocol):
    """Takes codes of those who come by themselves, and knows whom the board calls."""

    async def show(
        self, device: PairedDevice, code: str, chosen: Sequence[str], *, disputed: bool = False
    ) -> KioskAnswer:
        """Take a code; raises InputError, DatabaseError."""
        ...

    async def read(self, picture: bytes) -> str | None:
        """Read a QR code in a JPEG; raises InputError, or KirdiError while others are read."""
        ...

    async def called(self, building: str | None, most: int) -> Sequence[BoardLine]:
        """The newest arrivals by number; raises DatabaseError."""
        ...


class KioskCalls(Protocol):
    """Who asks for a person at a kiosk."""

    def call(self, device: PairedDevice, why: Literal["help", "dispute"]) -> KioskCall:
        """Call somebody."""
        ...

    def of_device(self, device: PairedDevice) -> KioskCall | None:
        """What was called for there."""
        ...

    def waiting(self) -> Sequence[KioskCall]:
        """Those that nobody has taken, oldest first."""
        ...

    def take(self, call_id: UUID, by: Actor) -> KioskCall | None:
        """Somebody goes there; None where there is no such call."""
        ...


class Devices(Protocol):
    """Tablets and screens of the site. All raise DatabaseError, the changes InputError."""

    async def listed(self) -> Sequence[SiteDevice]:
        """All of them, revoked ones too."""
        ...

    async def add(self, wanted: DeviceWanted, by: Actor, origin: str) -> DevicePairing:
        """Register one; `origin` is the address that the site's pages are opened by."""
        ...

    async def draw(self, device_id: str, by: Actor, origin: str) -> DevicePairing:
        """Draw it another pairing code."""
        ...

    async def revoke(self, device_id: str, by: Actor) -> SiteDevice | None:
        """Take it out of force, at once; None = there is none in force."""
        ...
