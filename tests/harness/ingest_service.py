"""The ingest of a service, without recognition: `python -m tests.harness.ingest_service`.

Started by `ServiceProcess`. Reads one JSON line, `{"cameras": [...], "hasty": bool}`, supervises
those cameras with real decoder processes, releases every frame, and writes JSON lines: one for
every event of a connection, and a beat with all counters twice a second. Ends with its input.
"""

import asyncio
import faulthandler
import json
import logging
import sys
import time
from typing import Any

import structlog

from config.settings import Camera
from streamer.clock import SystemClock
from streamer.domain.camera_state import CameraState
from streamer.ingest.decoder_command import Request
from streamer.ingest.decoder_process import DecoderProcess, Picture, Received
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.protocol import Failure
from streamer.ingest.supervisor import CameraSupervisor

BEAT_S = 0.5
_HASTE_S = 0.05


class HastyClock(SystemClock):
    """Waits 50 ms where the supervisor would back off: thousands of connections are to be tried."""

    async def sleep(self, seconds: float, stop: asyncio.Event) -> bool:
        return await super().sleep(min(seconds, _HASTE_S), stop)


class ReportingDecoder(DecoderProcess):
    """Says when its process starts, shows a first picture, fails, and is gone."""

    def __init__(self, request: Request, camera_id: str) -> None:
        super().__init__(request)
        self._camera_id = camera_id
        self._shown = False

    def start(self) -> None:
        super().start()
        self._say("started", str(self.pid))

    async def receive(self, timeout_s: float, stop: asyncio.Event) -> Received | None:
        message = await super().receive(timeout_s, stop)
        if isinstance(message, Picture) and not self._shown:
            self._shown = True
            self._say("picture")
        if isinstance(message, Failure):
            self._say("failed", str(message))
        return message

    async def stop(self, hurry: asyncio.Event) -> None:
        await super().stop(hurry)
        self._say("closed")

    def _say(self, event: str, text: str = "") -> None:
        write({"camera": self._camera_id, "event": event, "text": text})


class Ingest:
    """All cameras of this process."""

    def __init__(self, cameras: list[Camera], *, hasty: bool) -> None:
        self.stop = asyncio.Event()
        self._clock = HastyClock() if hasty else SystemClock()
        self._mailboxes = [LatestFrameMailbox() for _ in cameras]
        self._supervisors = [
            self._supervisor(camera, mailbox)
            for camera, mailbox in zip(cameras, self._mailboxes, strict=True)
        ]

    def _supervisor(self, camera: Camera, mailbox: LatestFrameMailbox) -> CameraSupervisor:
        return CameraSupervisor(
            camera,
            self._clock,
            mailbox,
            lambda _: None,
            make_decoder=lambda request: ReportingDecoder(request, camera.id),
        )

    async def run(self) -> None:
        """Supervise until `stop` is set."""
        async with asyncio.TaskGroup() as tasks:
            for supervisor, mailbox in zip(self._supervisors, self._mailboxes, strict=True):
                tasks.create_task(supervisor.run(self.stop))
                tasks.create_task(_consume(mailbox))
            tasks.create_task(self._beat())

    async def _beat(self) -> None:
        while not self.stop.is_set():
            due = time.monotonic() + BEAT_S
            await self._clock_sleep()
            write(
                {
                    "lag_s": max(0.0, time.monotonic() - due),
                    "states": [_row(supervisor.state) for supervisor in self._supervisors],
                }
            )

    async def _clock_sleep(self) -> None:
        await SystemClock().sleep(BEAT_S, self.stop)


async def _consume(mailbox: LatestFrameMailbox) -> None:
    while (frame := await mailbox.get()) is not None:
        frame.release()


def _row(state: CameraState) -> dict[str, Any]:
    return {
        "camera": state.camera_id,
        "status": state.status.value,
        "reason": state.reason,
        "decoded": state.decoded,
        "analysed": state.analysed,
        "restarts": state.restarts,
    }


def write(line: dict[str, Any]) -> None:
    """One line to whoever watches; a watcher that is gone ends this process by its input."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Run until standard input ends."""
    order = json.loads(sys.stdin.readline())
    ingest = Ingest(
        [Camera.model_validate(camera) for camera in order["cameras"]], hasty=order["hasty"]
    )
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def end() -> None:
        await reader.read()
        ingest.stop.set()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(end())
        tasks.create_task(ingest.run())


if __name__ == "__main__":
    faulthandler.enable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(main())
