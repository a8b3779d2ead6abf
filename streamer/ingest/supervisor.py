"""Keeps one camera delivering frames, whatever the camera, the network or FFmpeg do.

`run` retries and `run_once` works. Started by `app`, one task per camera; the frames go into the
mailbox, the states to the callback given.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from config.settings import Camera
from streamer.clock import Clock
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.frame import Frame
from streamer.errors import InputError
from streamer.ingest.backoff import Backoff
from streamer.ingest.camera_request import decoding_request
from streamer.ingest.condition import Condition, Decoding
from streamer.ingest.decoder_command import ForgetReference, Hold, Pace, Request
from streamer.ingest.decoder_process import DecoderProcess, Picture, Received
from streamer.ingest.decoder_tap import DecoderTap
from streamer.ingest.degradation import Degradation
from streamer.ingest.hardware_probe import HardwareProbe
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.packet_source import Viewable
from streamer.ingest.protocol import Counters, Failure, FailureKind, Opened, Reference
from streamer.ingest.watchdog import Watchdog

_LOOK_S: Final = 0.25
"""How often the watchdogs are looked at when the decoder is silent."""
_WEIGHED_EVERY_S: Final = 5.0
_MEMORY_BYTES: Final = 256 * 1024 * 1024
_MEMORY_PICTURES: Final = 16
"""A decoder may have so much memory, and so many pictures: H.265 may keep 16 for reference."""
_DRIVER_BYTES: Final = 1024 * 1024 * 1024
"""What a graphics driver may map besides."""

_HELD_LONGER_S: Final = 0.5
"""A hold is asked for so much longer, and then not again until that is used up."""

FindHardware = Callable[[str, asyncio.Event], Awaitable[str]]

_log = structlog.get_logger()


class Decoder(Viewable, Protocol):
    """What the supervisor needs of a decoder process."""

    def start(self) -> None:
        """Start it; OSError where that is impossible."""
        ...

    async def receive(self, timeout_s: float, stop: asyncio.Event) -> Received | None:
        """What it says next; None after the time-out or when `stop` is set."""
        ...

    def tell(self, command: Hold | Pace | ForgetReference) -> None:
        """Say what is wanted of it from now on; never waits, and may get lost."""
        ...

    def memory_bytes(self) -> int | None:
        """The memory it has for itself, frame slots not counted; None where nobody can say."""
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
        remarks: tuple[str, ...] = (),
        tap: DecoderTap | None = None,
        reference: bytes = b"",
        on_reference: Callable[[bytes], None] = lambda _: None,
        find_hardware: FindHardware | None = None,
    ) -> None:
        """Make a supervisor; nothing is started.

        Args:
            camera: Its settings.
            clock: Times of frames and states, and the waits between connections.
            mailbox: Gets every analysed frame; closed when `run` ends.
            on_state: Called on the loop with each new status or reason.
            make_decoder: Makes what decodes one connection.
            chance: Jitter; a test may seed it.
            remarks: What its state says besides, whatever it does.
            tap: Is told of every decoder, for those who look at the camera.
            reference: Where it looked before the service was started, or empty.
            on_reference: Is told where it looks now; empty when that is to be forgotten.
            find_hardware: Answers what of the wanted hardware there is, once for all cameras;
                None = this one looks for itself.
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
        self._sound_until = 0.0
        self._sound_at: datetime | None = None
        self._retry_in_s = 0.0
        self._decoder: Decoder | None = None
        self._tap = tap
        self._reference = reference
        self._on_reference = on_reference
        self._remarks = (*remarks, *_remarks_on(camera))
        self._pace = Pace(camera.analyse_fps, keyframes_only=False)
        self._degradation = Degradation()
        self._condition: Condition | None = None
        self._picture_bytes = 0
        self._held_until = float("-inf")
        self._recycled = 0
        self._hwaccel: str = camera.hwaccel
        self._find_hardware = find_hardware or HardwareProbe().find
        self._state = CameraState(camera.id, CameraStatus.STARTING, "", clock.now())

    @property
    def state(self) -> CameraState:
        """The state with the counters of this moment."""
        total = self._earlier + self._current
        return replace(
            self._state,
            decoded=total.decoded,
            corrupt=total.corrupt + total.errors,
            dropped=total.dropped + self._mailbox.dropped,
            still=total.still,
            analysed=self._mailbox.taken,
            restarts=max(0, self._runs - 1),
            recycled=self._recycled,
            decoding=_decoding(self._condition),
            remarks=(*self._remarks, *self._passing_remarks()),
        )

    @property
    def camera(self) -> Camera:
        """Its settings."""
        return self._camera

    def hold(self, seconds: float) -> None:
        """A face is being followed: for so long, or a little longer, every due frame is sent."""
        now = self._clock.monotonic()
        if self._decoder is not None and now + seconds > self._held_until:
            self._held_until = now + seconds + _HELD_LONGER_S
            self._decoder.tell(Hold(seconds + _HELD_LONGER_S))

    def forget_reference(self) -> None:
        """The camera was turned on purpose: where it looks now becomes its reference picture."""
        self._learn_reference(b"")
        if self._decoder is not None:
            self._decoder.tell(ForgetReference())

    def pace(self, analyse_fps: float, *, keyframes_only: bool) -> None:
        """Have so many frames a second analysed from now on, over reconnections too."""
        self._pace = Pace(analyse_fps, keyframes_only)
        if self._decoder is not None:
            self._decoder.tell(self._pace)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver frames until `stop` is set, connecting again after every failure."""
        self._on_state(self.state)
        try:
            while not stop.is_set():
                failure = await self.run_once(stop)
                if failure is None:
                    break
                if await self._clock.sleep(self._retry_in_s, stop):
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
        self._frames_since = self._sound_at = None
        self._held_until = float("-inf")
        self._condition = None
        self._degradation.reconnected()
        self._hwaccel = await self._find_hardware(self._hwaccel, stop)
        try:
            decoder = self._make_decoder(
                decoding_request(
                    self._camera,
                    analyse_fps=self._pace.analyse_fps,
                    hwaccel=self._hwaccel,
                    reference=self._reference,
                )
            )
        except InputError as error:
            return self._note(Failure(FailureKind.OTHER, str(error)))
        try:
            try:
                decoder.start()
            except OSError as error:
                text = error.strerror or "no decoder process"
                return self._note(Failure(FailureKind.NOT_STARTED, text))
            self._decoder = decoder
            if self._tap is not None:
                self._tap.connected(decoder)
            if self._pace.keyframes_only:
                decoder.tell(self._pace)
            failure = await self._follow(decoder, stop)
            # Said before the decoder is ended, which may take seconds.
            return None if failure is None else self._note(failure)
        finally:
            self._decoder = None
            if self._tap is not None:
                self._tap.disconnected()
            await decoder.stop(stop)
            self._settle()

    async def _follow(self, decoder: Decoder, stop: asyncio.Event) -> Failure | None:
        """Hand on what the decoder says, and judge its silence."""
        camera = self._camera
        weighed_at = now = self._clock.monotonic()
        watchdog = Watchdog(camera.connect_timeout_s, camera.stall_timeout_s, now)
        while not stop.is_set():
            message = await decoder.receive(_LOOK_S, stop)
            now = self._clock.monotonic()
            match message:
                case Failure():
                    return message
                case Opened():
                    watchdog.opened(now)
                case Counters():
                    self._current = message
                case Reference():
                    self._learn_reference(message.luma)
                case Condition():
                    self._condition = message
                    self._degradation.see(message)
                case Picture():
                    self._current = message.counters
                    self._deliver(message, now)
            if watchdog.see(self._current, now):
                self._frames_since = self._frames_since or now
                self._sound_until, self._sound_at = now, self._clock.now()
            self._judge(now)
            if (overdue := watchdog.overdue(now)) is not None:
                return overdue
            if now - weighed_at >= _WEIGHED_EVERY_S:
                weighed_at = now
                if (outgrown := self._outgrown(decoder)) is not None:
                    return outgrown
        return None

    def _learn_reference(self, luma: bytes) -> None:
        self._reference = luma
        self._on_reference(luma)

    def _deliver(self, picture: Picture, now: float) -> None:
        """Put a picture into the mailbox. UTC is the service's clock less the picture's age."""
        self._picture_bytes = picture.image.nbytes
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

    def _judge(self, now: float) -> None:
        """While frames come: are they fit for recognition?"""
        if self._frames_since is None:
            return
        dropped = self._earlier.dropped + self._current.dropped + self._mailbox.dropped
        self._degradation.count(now, self._mailbox.taken, dropped)
        # Where keyframes are too rare the decoder goes on with all frames, whatever was asked.
        only = self._condition is not None and self._condition.keyframes_only
        forced = only and self._pace.keyframes_only
        reason = self._degradation.reason(now, forced_keyframes=forced)
        status = CameraStatus.DEGRADED if reason else CameraStatus.STREAMING
        if status is not self._state.status:
            _log.debug("camera.delivers", camera=self._camera.id, status=status)
        self._enter(status, reason)

    def _outgrown(self, decoder: Decoder) -> Failure | None:
        """Why this decoder needs a successor, if it has taken more memory than pictures explain."""
        taken = decoder.memory_bytes()
        allowed = _MEMORY_BYTES + _MEMORY_PICTURES * self._picture_bytes
        decoding = self._condition and self._condition.decoding
        if self._hwaccel != "none" and decoding is not Decoding.SOFTWARE:
            allowed += _DRIVER_BYTES
        if taken is None or taken <= allowed:
            return None
        self._recycled += 1
        text = f"the decoder process had grown to {taken >> 20} MB, over {allowed >> 20}"
        return Failure(FailureKind.RECYCLED, text)

    def _passing_remarks(self) -> Iterator[str]:
        wanted, pace = self._camera.analyse_fps, self._pace
        if pace.analyse_fps < wanted:
            yield (
                f"analysed at {pace.analyse_fps:.2g} of {wanted:g} frames a second: "
                "the machine is short"
            )
        condition, asked = self._condition, self._camera.hwaccel
        if condition is None:
            return
        if condition.keyframes_only and not pace.keyframes_only:
            yield "nobody moves: only keyframes are decoded"
        if asked in ("cuda", "vaapi") and condition.decoding != asked:
            yield f"{asked} cannot be had here: decoded in {condition.decoding}"

    def _note(self, failure: Failure) -> Failure:
        """Publish a failure, which began with the last sound frame, and set when to try again."""
        since = self._frames_since
        healthy_s = 0.0 if since is None else max(self._sound_until - since, 1e-9)
        delay = self._backoff.next_delay(failure.kind, healthy_s=healthy_s)
        status = CameraStatus.DOWN
        if self._blames_hardware(failure.kind):
            self._hwaccel = "none"
        if failure.kind is FailureKind.STALLED:
            status = CameraStatus.STALLED
        elif failure.kind is FailureKind.RECYCLED and delay == 0:
            # The camera has not failed; for the second that this takes nobody looks all the same.
            status = CameraStatus.STARTING
        # Whoever is told of the new state logs it once; every further attempt is detail.
        _log.debug("camera.down", camera=self._camera.id, reason=str(failure), retry_in_s=delay)
        self._enter(status, str(failure), self._sound_at)
        self._retry_in_s = delay
        return failure

    def _blames_hardware(self, kind: FailureKind) -> bool:
        """Whether the next connection should do without: a driver may also hang or crash.

        A camera that sent no video at all says nothing about the hardware.
        """
        if kind is FailureKind.HARDWARE:
            return True
        if self._sound_at is not None:
            return False
        return kind is FailureKind.DIED or (
            kind is FailureKind.STALLED and self._current.packets > 0
        )

    def _enter(self, status: CameraStatus, reason: str, at: datetime | None = None) -> None:
        """Publish a status or reason that is new, since `at`; `since` moves with the status only.

        Reports take the time of a change for the end of what was before, so a change never lies
        before the one before it.
        """
        old = self._state
        if (old.status, old.reason) == (status, reason):
            return
        changed_at = max(at or self._clock.now(), old.changed_at or old.since)
        since = old.since if old.status is status else changed_at
        self._state = replace(old, status=status, reason=reason, since=since, changed_at=changed_at)
        self._on_state(self.state)

    def _settle(self) -> None:
        """Add a finished decoder's totals to those of the ones before."""
        self._earlier += self._current
        self._current = Counters()


def _remarks_on(camera: Camera) -> tuple[str, ...]:
    return ("its certificate is not verified (insecure_tls)",) if camera.insecure_tls else ()


def _decoding(condition: Condition | None) -> str:
    if condition is None:
        return ""
    return f"{condition.codec} {condition.width}x{condition.height}, {condition.decoding}"
