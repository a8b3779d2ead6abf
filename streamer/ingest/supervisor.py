"""Keeps one camera delivering frames, whatever the camera, the network or FFmpeg do.

`run` retries and `run_once` works. Started by `app`, one task per camera; the frames go into the
mailbox, the states to the callback given.
"""

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

import structlog

from config.settings import Camera
from streamer.clock import Clock
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.frame import Frame
from streamer.errors import InputError
from streamer.ingest.backoff import Backoff
from streamer.ingest.camera_url import CameraUrl
from streamer.ingest.decoder_process import DecoderProcess, Picture, Received
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.protocol import (
    Counters,
    Failure,
    FailureKind,
    Hold,
    Opened,
    Pace,
    Reference,
    Request,
)

_LOOK_S: Final = 0.25
"""How often the watchdogs are looked at when the decoder is silent."""
_START_S: Final = 2.0
"""For starting the process, on top of the camera's own connect time-out."""

_log = structlog.get_logger()


class Decoder(Protocol):
    """What the supervisor needs of a decoder process."""

    def start(self) -> None:
        """Start it; OSError where that is impossible."""
        ...

    async def receive(self, timeout_s: float, stop: asyncio.Event) -> Received | None:
        """What it says next; None after the time-out or when `stop` is set."""
        ...

    def tell(self, command: Hold | Pace) -> None:
        """Say what is wanted of it from now on; never waits, and may get lost."""
        ...

    async def stop(self, hurry: asyncio.Event) -> None:
        """End and reap it."""
        ...


class CameraSupervisor:
    """One camera's connection, its watchdogs, its state and its counters."""

    def __init__(
        self,
        camera: Camera,
        clock: Clock,
        mailbox: LatestFrameMailbox,
        on_state: Callable[[CameraState], None],
        *,
        make_decoder: Callable[[Request], Decoder] = DecoderProcess,
        chance: random.Random | None = None,
    ) -> None:
        """Make a supervisor; nothing is started.

        Args:
            camera: Its settings.
            clock: Times of frames and states, and the waits between connections.
            mailbox: Gets every analysed frame; closed when `run` ends.
            on_state: Called on the loop with each new status or reason.
            make_decoder: Makes what decodes one connection.
            chance: Jitter; a test may seed it.
        """
        self._camera = camera
        self._clock = clock
        self._mailbox = mailbox
        self._on_state = on_state
        self._make_decoder = make_decoder
        self._backoff = Backoff(chance or random.Random())  # noqa: S311 - jitter is no secret
        self._sequence = 0
        self._runs = 0
        self._earlier = Counters()
        self._current = Counters()
        self._frames_since: float | None = None
        self._decoder: Decoder | None = None
        self._reference = b""
        self._state = CameraState(camera.id, CameraStatus.STARTING, "", clock.now())

    @property
    def state(self) -> CameraState:
        """The state with the counters of this moment."""
        now, before = self._current, self._earlier
        return replace(
            self._state,
            decoded=before.decoded + now.decoded,
            corrupt=before.corrupt + now.corrupt + before.errors + now.errors,
            dropped=before.dropped + now.dropped + self._mailbox.dropped,
            analysed=self._mailbox.taken,
            restarts=max(0, self._runs - 1),
        )

    def hold(self, seconds: float) -> None:
        """A face is being followed: for so long the decoder sends every due frame."""
        if self._decoder is not None:
            self._decoder.tell(Hold(seconds))

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver frames until `stop` is set, connecting again after every failure."""
        self._on_state(self.state)
        try:
            while not stop.is_set():
                failure = await self.run_once(stop)
                if failure is None:
                    break
                delay = self._note(failure)
                if await self._clock.sleep(delay, stop):
                    break
        finally:
            self._mailbox.close()
            self._enter(CameraStatus.DOWN, "stopped")

    async def run_once(self, stop: asyncio.Event) -> Failure | None:
        """Deliver the frames of one connection.

        Returns:
            Why it ended; None when `stop` was set.
        """
        self._runs += 1
        self._frames_since = None
        try:
            decoder = self._make_decoder(self._request())
        except InputError as error:
            return Failure(FailureKind.OTHER, str(error))
        try:
            try:
                decoder.start()
            except OSError as error:
                return Failure(FailureKind.NOT_STARTED, error.strerror or "no decoder process")
            self._decoder = decoder
            return await self._follow(decoder, stop)
        finally:
            self._decoder = None
            await decoder.stop(stop)
            self._settle()

    async def _follow(self, decoder: Decoder, stop: asyncio.Event) -> Failure | None:
        """Hand on what the decoder says, and judge its silence."""
        camera = self._camera
        opened = False
        sound = 0
        overdue_at = self._clock.monotonic() + camera.connect_timeout_s + _START_S
        while not stop.is_set():
            message = await decoder.receive(_LOOK_S, stop)
            now = self._clock.monotonic()
            match message:
                case Failure():
                    return message
                case Opened() if not opened:
                    opened = True
                    overdue_at = now + camera.stall_timeout_s
                case Counters():
                    self._current = message
                case Reference():
                    self._reference = message.luma
                case Picture():
                    self._current = message.counters
                    self._deliver(message, now)
            if self._current.sound > sound:
                opened, sound = True, self._current.sound
                overdue_at = now + camera.stall_timeout_s
                self._healthy(now)
            if now >= overdue_at:
                return self._overdue(opened=opened)
        return None

    def _deliver(self, picture: Picture, now: float) -> None:
        """Put a picture into the mailbox. UTC is the service's clock less the picture's age."""
        frame = Frame(
            camera_id=self._camera.id,
            sequence=self._sequence,
            captured_at=self._clock.now() - timedelta(seconds=picture.age_s),
            received_at=now - picture.age_s,
            pts=picture.pts,
            image=picture.image,
            release=picture.release,
        )
        self._sequence += 1
        self._mailbox.put(frame)

    def _healthy(self, now: float) -> None:
        if self._frames_since is None:
            self._frames_since = now
        if self._state.status is not CameraStatus.STREAMING:
            _log.debug("camera.streaming", camera=self._camera.id)
            self._enter(CameraStatus.STREAMING, "")

    def _overdue(self, *, opened: bool) -> Failure:
        camera = self._camera
        if opened:
            return Failure(FailureKind.STALLED, f"no frame in {camera.stall_timeout_s:g} s")
        return Failure(FailureKind.UNREACHABLE, f"no answer in {camera.connect_timeout_s:g} s")

    def _note(self, failure: Failure) -> float:
        """Publish a failure; how long to wait before the next connection, in seconds."""
        since = self._frames_since
        healthy_s = 0.0 if since is None else max(self._clock.monotonic() - since, 1e-9)
        delay = self._backoff.next_delay(failure.kind, healthy_s=healthy_s)
        stalled = failure.kind is FailureKind.STALLED
        # Whoever is told of the new state logs it once; every further attempt is detail.
        _log.debug("camera.down", camera=self._camera.id, reason=str(failure), retry_in_s=delay)
        self._enter(CameraStatus.STALLED if stalled else CameraStatus.DOWN, str(failure))
        return delay

    def _enter(self, status: CameraStatus, reason: str) -> None:
        """Publish a status or reason that is new; `since` moves with the status only."""
        old = self._state
        if (old.status, old.reason) == (status, reason):
            return
        since = old.since if old.status is status else self._clock.now()
        self._state = replace(old, status=status, reason=reason, since=since)
        self._on_state(self.state)

    def _settle(self) -> None:
        """Add a finished decoder's totals to those of the ones before."""
        self._earlier += self._current
        self._current = Counters()

    def _request(self) -> Request:
        camera = self._camera
        url = CameraUrl.parse(camera.url.get_secret_value())
        return Request(
            address=url.full,
            secrets=url.secrets,
            transport=camera.transport,
            analyse_fps=camera.analyse_fps,
            connect_timeout_s=camera.connect_timeout_s,
            read_timeout_s=camera.stall_timeout_s,
            parent_pid=os.getpid(),
            hwaccel=camera.hwaccel,
            motion_gate=camera.motion_gate,
            idle_after_s=camera.idle_after_s,
            reference=self._reference,
        )
