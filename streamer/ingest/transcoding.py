"""The service's end of a transcoding process: one for each camera that browsers can't show.

Made by `app` for the live view; runs while somebody looks.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from streamer.child_command import child_command
from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.stream_format import StreamFormat
from streamer.ingest.child_environment import child_environment
from streamer.ingest.child_process import ChildProcess
from streamer.ingest.packet_pipe import PacketPipe
from streamer.ingest.packet_wire import WirePacket, pack_format, pack_packet
from streamer.ingest.pipe_writer import PipeWriter

log = structlog.get_logger(__name__)

_MODULE: Final = "streamer.ingest.transcoder"
_AGAIN_S: Final = 5.0


class PacketTranscoding:
    """Use it from the event loop's thread: the process dies with the thread that started it."""

    def __init__(self, camera_id: str, take: Callable[[EncodedPacket], None]) -> None:
        """Make a handle; nothing is started.

        Args:
            camera_id: For the log.
            take: Gets every packet that was made: H.264 that browsers show.
        """
        self._camera_id = camera_id
        self._take = take
        self._process: _Process | None = None
        self._not_before = 0.0
        self._skipping = True
        self._said: StreamFormat | None = None
        self._latest: EncodedPacket | None = None
        self._made = 0
        self._connections = 0
        self._endings: set[asyncio.Task[None]] = set()

    def put(self, packet: EncodedPacket) -> None:
        """Take the camera's next packet. Never waits: what the process is behind with is lost."""
        now = time.monotonic()
        if self._process is not None and self._process.is_over:
            log.warning("live.transcoder", camera=self._camera_id, reason=self._process.fault)
            self._dismiss()
            self._not_before = now + _AGAIN_S
        if self._process is None and not (packet.is_keyframe and now >= self._not_before):
            return
        if self._process is None and not self._start(now):
            return
        assert self._process is not None
        if self._latest is not None and packet.connection != self._latest.connection:
            self._skipping, self._said = True, None
            self._connections += 1
        self._latest = packet
        if self._skipping and not packet.is_keyframe:
            return
        self._skipping = not self._process.send(self._message(packet))

    async def stop(self) -> None:
        """End the process."""
        self._dismiss()
        if self._endings:
            await asyncio.wait(self._endings)

    def _start(self, now: float) -> bool:
        try:
            self._process = _Process.start(self._made_one)
        except OSError as error:
            log.warning("live.transcoder", camera=self._camera_id, reason=error.strerror)
            self._not_before = now + _AGAIN_S
            return False
        self._skipping, self._said = True, None
        self._connections += 1
        return True

    def _dismiss(self) -> None:
        if self._process is not None:
            task = asyncio.create_task(self._process.end())
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)
            self._process = None

    def _message(self, packet: EncodedPacket) -> bytes:
        message = b""
        if packet.format != self._said:
            self._said = packet.format
            message = pack_format(packet.format)
        return message + pack_packet(
            WirePacket(
                packet.pts,
                packet.dts,
                int(packet.received_at * 1e9),
                packet.is_keyframe,
                0,
                packet.data,
            )
        )

    def _made_one(self, given: StreamFormat, made: WirePacket) -> None:
        latest = self._latest
        if latest is None:
            return
        received_at = made.arrived_ns / 1e9
        self._made += 1
        self._take(
            replace(
                latest,
                sequence=self._made,
                connection=self._connections,
                received_at=received_at,
                captured_at=latest.captured_at
                - timedelta(seconds=latest.received_at - received_at),
                pts=made.pts,
                dts=None,
                is_keyframe=made.is_keyframe,
                format=given,
                data=made.data,
            )
        )


class _Process:
    """One process, with a pipe each way."""

    def __init__(self, child: ChildProcess, writer: PipeWriter, pipe: PacketPipe) -> None:
        self._child = child
        self._writer = writer
        self._pipe = pipe

    @classmethod
    def start(cls, sink: Callable[[StreamFormat, WirePacket], None]) -> "_Process":
        """Raises OSError."""
        pipe = PacketPipe(sink)
        theirs_out = pipe.open(0)
        try:
            theirs_in, ours = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            os.close(theirs_out)
            pipe.close()
            raise
        writer = PipeWriter(ours)
        try:
            process = subprocess.Popen(
                child_command(_MODULE, str(theirs_in), str(theirs_out)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs_in, theirs_out),
                env=child_environment(),
                cwd="/",
                start_new_session=True,
            )
            try:
                child = ChildProcess(process, os.pidfd_open(process.pid))
            except OSError:
                process.kill()
                process.wait()
                raise
        except OSError:
            writer.close()
            pipe.close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        return cls(child, writer, pipe)

    @property
    def fault(self) -> str:
        """What it did that it may not, or that it has ended."""
        return self._pipe.fault or "the transcoding process has ended"

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to be had of it any more."""
        return bool(self._pipe.fault) or self._writer.closed

    def send(self, message: bytes) -> bool:
        """Give it a message; False where it is behind by all that may wait."""
        return self._writer.offer(message)

    async def end(self) -> None:
        """End and reap it."""
        self._pipe.close()
        hurry = asyncio.Event()
        hurry.set()
        await self._child.end(self._writer.close, hurry)
