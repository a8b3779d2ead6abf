"""One camera's encoded video for whoever looks at it. Made by `app`, run beside the supervisor.

Nothing is forwarded while nobody looks: the first subscription starts it, and some seconds after
the last one has ended it stops.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from config.settings import Camera
from streamer.clock import Clock
from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.stream_format import StreamFormat
from streamer.domain.view_state import ViewState
from streamer.ingest.camera_request import viewing_request
from streamer.ingest.decoder_command import Request
from streamer.ingest.decoder_process import DecoderProcess
from streamer.ingest.decoder_tap import DecoderTap
from streamer.ingest.packet_fanout import PacketFanout
from streamer.ingest.packet_meter import PacketMeter
from streamer.ingest.packet_source import PacketSource
from streamer.ingest.packet_subscription import PacketSubscription
from streamer.ingest.packet_wire import WirePacket
from streamer.ingest.sub_stream import Forwarder, SubStream

LINGER_S: Final = 5.0
"""Who reloads the page comes back to a connection that is still there."""


class LiveView:
    """The sub-stream's packets where the camera has one, else the main stream's."""

    def __init__(
        self,
        camera: Camera,
        clock: Clock,
        *,
        make_process: Callable[[Request], Forwarder] = DecoderProcess,
    ) -> None:
        """Make a view; nothing is started.

        Args:
            camera: Its settings.
            clock: Times of packets, and all waits.
            make_process: Makes what connects to a sub-stream.
        """
        self._camera = camera
        self._clock = clock
        self._fanout = PacketFanout(camera.id, self._viewers_changed)
        self.tap = DecoderTap(self)
        """To be told of the camera's decoders."""
        self._source: PacketSource = self.tap
        self._stream = "main stream"
        if camera.view_url is not None:
            self._stream = "sub-stream"
            self._source = SubStream(
                camera.id, self, clock, lambda: viewing_request(camera), make_process
            )
        self._looked_at, self._deserted = asyncio.Event(), asyncio.Event()
        self._deserted.set()
        self._meter = PacketMeter()
        self._format: StreamFormat | None = None
        self._connection = -1
        self._sequence = 0
        self._dropped = self._dropped_here = 0

    def subscribe(self) -> PacketSubscription:
        """Begin to look; the subscription must be closed in the end, and is a context manager.

        Raises:
            KirdiError: Too many look already, or the camera is being stopped.
        """
        return self._fanout.subscribe()

    @property
    def state(self) -> ViewState:
        """What is known of it at this moment."""
        viewers, given = self._fanout.viewers, self._format
        fps, bit_rate = self._meter.rates(self._clock.monotonic())
        return ViewState(
            stream=self._stream,
            viewers=viewers,
            codec="" if given is None else given.codec,
            width=0 if given is None else given.width,
            height=0 if given is None else given.height,
            viewability=None if given is None else given.viewability,
            fps=fps,
            bit_rate=bit_rate,
            dropped=self._dropped + self._fanout.dropped,
            reason=self._source.reason if viewers else "",
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver while somebody looks, until `stop` is set; that ends every subscription."""
        try:
            while await _first(self._looked_at, stop) is not stop:
                over = asyncio.Event()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._source.run(over))
                    while await _first(self._deserted, stop) is not stop:
                        await self._clock.sleep(LINGER_S, stop)
                        if self._deserted.is_set():
                            break
                    if stop.is_set():
                        # Nobody is kept waiting for what ends the connection.
                        self._fanout.close()
                    over.set()
        finally:
            self._fanout.close()

    def connected(self) -> None:
        """What comes from now on is of a new connection."""
        self._connection += 1
        self._dropped_here = 0
        self._fanout.interrupt()

    def take(self, given: StreamFormat, packet: WirePacket) -> None:
        """Stamp a packet and hand it to everybody. UTC is the service's clock less its age."""
        now = self._clock.monotonic()
        # All processes share that clock.
        age_s = (time.monotonic_ns() - packet.arrived_ns) / 1e9
        lost = max(0, packet.dropped - self._dropped_here)
        self._dropped_here = packet.dropped
        self._dropped += lost
        self._sequence += lost
        self._format = given
        self._meter.count(now - age_s, len(packet.data))
        self._fanout.put(
            EncodedPacket(
                camera_id=self._camera.id,
                sequence=self._sequence,
                connection=self._connection,
                received_at=now - age_s,
                captured_at=self._clock.now() - timedelta(seconds=age_s),
                pts=packet.pts,
                dts=packet.dts,
                is_keyframe=packet.is_keyframe,
                format=given,
                data=packet.data,
            )
        )
        self._sequence += 1

    def disconnected(self) -> None:
        """The connection is over."""
        self._fanout.interrupt()

    def _viewers_changed(self) -> None:
        present, absent = self._looked_at, self._deserted
        if self._fanout.viewers == 0:
            present, absent = absent, present
        present.set()
        absent.clear()


async def _first(event: asyncio.Event, stop: asyncio.Event) -> asyncio.Event:
    """Wait for either; `stop` where both are set."""
    waits = [asyncio.ensure_future(one.wait()) for one in (event, stop)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
    return stop if stop.is_set() else event
