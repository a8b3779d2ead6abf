"""Sending a programme to one client in real time. Made by `session` at SETUP, run after PLAY."""

import asyncio
import time

from streamer.simulator.access_unit import CLOCK_RATE, AccessUnit
from streamer.simulator.faults.stream_fault import HangUp
from streamer.simulator.faults.stream_faults import StreamFaults
from streamer.simulator.media_output import MediaOutput
from streamer.simulator.rtp_stream import RtpStream
from streamer.simulator.unit_reader import UnitReader

_FAREWELL_S = 0.1
"""Left between the last picture and the goodbye, which takes another way over UDP: clients that
read it first (FFmpeg does) would leave without the picture."""


class MediaSender:
    """Sends pictures when they are due for decoding, and RTCP reports between them.

    A client that reads slowly makes the sender wait; it then catches up, and never skips.
    """

    def __init__(
        self,
        reader: UnitReader,
        stream: RtpStream,
        output: MediaOutput,
        faults: StreamFaults,
        *,
        speed: float,
        report_interval_s: float,
    ) -> None:
        self._reader = reader
        self._stream = stream
        self._output = output
        self._faults = faults
        self._speed = speed
        self._report_interval_s = report_interval_s
        self._batch: tuple[AccessUnit, ...] = ()
        self._playing = asyncio.Event()
        self._started_at = 0.0
        self._paused_at: float | None = None
        self._position = 0
        self._sent = 0

    @property
    def next_packet(self) -> tuple[int, int]:
        """Sequence number and timestamp of the next packet, for the RTP-Info header."""
        return self._stream.next_sequence, self._stream.timestamp(self._position)

    @property
    def sent(self) -> int:
        """Pictures sent so far."""
        return self._sent

    async def prepare(self) -> bool:
        """Read the first pictures; False where there are none.

        Raises:
            InputError: A file can no longer be opened.
        """
        self._batch = await self._reader.batch()
        return bool(self._batch)

    def resume(self) -> None:
        """Begin, or go on after a pause."""
        if self._paused_at is not None:
            self._started_at += time.monotonic() - self._paused_at
            self._paused_at = None
        self._playing.set()

    def pause(self) -> None:
        """Send no further picture until `resume`."""
        if self._playing.is_set():
            self._playing.clear()
            self._paused_at = time.monotonic()

    async def run(self) -> None:
        """Send everything, then RTCP BYE.

        Raises:
            ConnectionError: The client is gone or reads too slowly.
            HangUp: A fault ends the connection.
            InputError: A file can no longer be opened.
        """
        await self._playing.wait()
        self._started_at = time.monotonic()
        first_dts = self._batch[0].dts
        await self._report(self._stream.sender_report(time.time(), first_dts))
        reported_at = self._started_at
        due_s = 0.0
        while self._batch:
            following = asyncio.ensure_future(self._reader.batch())
            try:
                for unit in self._batch:
                    self._position = unit.pts
                    await self._wait((unit.dts - first_dts) / CLOCK_RATE / self._speed)
                    due_s = (unit.dts + unit.duration - first_dts) / CLOCK_RATE / self._speed
                    await self._send(unit)
                    if time.monotonic() - reported_at >= self._report_interval_s:
                        reported_at = time.monotonic()
                        await self._report(self._stream.sender_report(time.time(), unit.dts))
                self._batch = await following
            finally:
                following.cancel()
        await self._wait(due_s + _FAREWELL_S)
        await self._report(self._stream.bye(time.time(), self._position))

    def close(self) -> None:
        """Close the file and the output; `run` must not be under way."""
        self._reader.close()
        self._output.close()

    async def _send(self, unit: AccessUnit) -> None:
        """Send one picture, or what the camera's faults leave of it."""
        if not self._faults.passes(unit):
            return
        try:
            packets = self._faults.packets(self._stream.packets(unit))
        except HangUp as end:
            await self._output.send_torn(end.torn)
            raise
        if (delay_s := self._faults.delay_s()) > 0:
            await asyncio.sleep(delay_s)
        await self._output.send_rtp(packets)
        self._sent += 1

    async def _report(self, report: bytes) -> None:
        if (left := self._faults.report(report)) is not None:
            await self._output.send_rtcp(left)

    async def _wait(self, due_s: float) -> None:
        """Wait until `due_s` seconds of playing have passed."""
        while True:
            await self._playing.wait()
            left = self._started_at + due_s - time.monotonic()
            if left <= 0:
                return
            await asyncio.sleep(left)
