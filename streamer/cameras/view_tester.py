"""Looks at a camera for some seconds as a viewer would: `kirdi cameras view-test`."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from streamer.clock import Clock
from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.view_test import ViewTest
from streamer.errors import InputError
from streamer.ingest.live_view import LiveView

LONGEST_S: Final = 20.0
"""Whoever asks is answered in one piece, and does not wait for ever."""


@dataclass(slots=True)
class _Seen:
    """What came so far; no packet is kept but the last."""

    first_after_s: float = 0.0
    first_at: float = 0.0
    first_bytes: int = 0
    last: EncodedPacket | None = None
    packets: int = 0
    octets: int = 0
    keyframes: int = 0
    keyframe_at: float = 0.0
    longest_s: float | None = None
    connections: set[int] = field(default_factory=set)

    def add(self, packet: EncodedPacket, after_s: float) -> None:
        if self.last is None:
            self.first_after_s, self.first_at = after_s, packet.received_at
            self.first_bytes = len(packet.data)
        if packet.is_keyframe:
            if self.keyframes and packet.connection in self.connections:
                gap = packet.received_at - self.keyframe_at
                self.longest_s = max(gap, self.longest_s or 0.0)
            self.keyframes += 1
            self.keyframe_at = packet.received_at
        self.last = packet
        self.packets += 1
        self.octets += len(packet.data)
        self.connections.add(packet.connection)

    @property
    def rates(self) -> tuple[float, int]:
        """Packets and bits a second."""
        span = 0.0 if self.last is None else self.last.received_at - self.first_at
        if span <= 0:
            return 0.0, 0
        return (self.packets - 1) / span, round(8 * (self.octets - self.first_bytes) / span)


async def look(camera_id: str, view: LiveView, seconds: float, clock: Clock) -> ViewTest:
    """Subscribe for so long, and tell what came.

    Raises:
        InputError: For so long nobody looks.
        KirdiError: No viewer is taken just now.
    """
    if not 0 < seconds <= LONGEST_S:
        raise InputError(f"view-test: give between 0 and {LONGEST_S:g} seconds")
    seen, began = _Seen(), clock.monotonic()
    with view.subscribe() as packets:
        try:
            async with asyncio.timeout(seconds):
                async for packet in packets:
                    seen.add(packet, clock.monotonic() - began)
        except TimeoutError:
            pass  # As intended; without it the camera was stopped meanwhile.
        state, dropped = view.state, packets.dropped
    fps, bit_rate = seen.rates
    given = None if seen.last is None else seen.last.format
    return ViewTest(
        camera_id=camera_id,
        stream=state.stream,
        seconds=round(clock.monotonic() - began, 3),
        first_packet_s=None if seen.last is None else round(seen.first_after_s, 3),
        packets=seen.packets,
        keyframes=seen.keyframes,
        keyframe_interval_s=None if seen.longest_s is None else round(seen.longest_s, 3),
        fps=round(fps, 2),
        bit_rate=bit_rate,
        dropped=dropped,
        connections=len(seen.connections),
        codec="" if given is None else given.codec,
        width=0 if given is None else given.width,
        height=0 if given is None else given.height,
        viewability=None if given is None else given.viewability,
        timed_by_arrival=given is not None and given.timed_by_arrival,
        reason=state.reason,
    )
