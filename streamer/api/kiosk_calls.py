"""Who asks for a person at a kiosk. In memory: whoever stands there presses again after a restart.

One call at a time of each device, and none outlasts a quarter of an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID, uuid4

import structlog

from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.device import PairedDevice
from streamer.web.models.kiosk import KioskCall

log = structlog.get_logger(__name__)

_LASTS: Final = timedelta(minutes=15)
_SHOWN_TAKEN: Final = timedelta(minutes=1)
Why = Literal["help", "dispute"]


@dataclass(frozen=True, slots=True)
class _Call:
    call_id: UUID
    device: PairedDevice
    why: Why
    called_at: datetime
    taken_at: datetime | None = None


class KioskCalls:
    """The calls that nobody has come to yet."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        # By device: so many as there are devices, at most.
        self._calls: dict[str, _Call] = {}

    def call(self, device: PairedDevice, why: Why) -> KioskCall:
        """Call somebody to a device; a call that waits there goes on waiting."""
        self._forget()
        found = self._calls.get(device.device_id)
        if found is None or found.taken_at is not None:
            found = _Call(uuid4(), device, why, self._clock.now())
            self._calls[device.device_id] = found
            log.info("help wanted", device=device.device_id, why=why)
        elif why == "dispute":
            found = self._calls[device.device_id] = replace(found, why=why)
        return _shown(found)

    def of_device(self, device: PairedDevice) -> KioskCall | None:
        """What was called for there; None = nothing, or it is over."""
        self._forget()
        found = self._calls.get(device.device_id)
        return None if found is None else _shown(found)

    def waiting(self) -> Sequence[KioskCall]:
        """Those that nobody has taken, oldest first."""
        self._forget()
        waiting = [one for one in self._calls.values() if one.taken_at is None]
        return [_shown(one) for one in sorted(waiting, key=lambda one: one.called_at)]

    def take(self, call_id: UUID, by: Actor) -> KioskCall | None:
        """Somebody goes there; None where there is no such call (any more)."""
        self._forget()
        found = next((one for one in self._calls.values() if one.call_id == call_id), None)
        if found is None:
            return None
        if found.taken_at is None:
            found = replace(found, taken_at=self._clock.now())
            self._calls[found.device.device_id] = found
            log.info("help is on its way", device=found.device.device_id, by=by.name)
        return _shown(found)

    def _forget(self) -> None:
        now = self._clock.now()
        self._calls = {
            key: one
            for key, one in self._calls.items()
            if (
                now - one.called_at < _LASTS
                if one.taken_at is None
                else now - one.taken_at < _SHOWN_TAKEN
            )
        }


def _shown(one: _Call) -> KioskCall:
    return KioskCall(
        call_id=one.call_id,
        device_id=one.device.device_id,
        building=one.device.building,
        why=one.why,
        called_at=one.called_at,
        taken=one.taken_at is not None,
    )
