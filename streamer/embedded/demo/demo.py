"""The whole of Kirdi on a composed lobby, from nothing to arrivals. Called by `kirdi demo`.

Set up, run, clear away. Nothing is cancelled half-way: `stop` is looked at between steps that take
seconds at most, so whatever was started is also ended.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from matcher.matcher import Matcher
from matcher.packs.store import open_pack
from streamer.app import run_service
from streamer.backend import Backend, open_backend
from streamer.checkin.delivery import CheckInWriter
from streamer.clock import Clock
from streamer.domain.camera_state import CameraState
from streamer.embedded.demo.cast import CAST, EXPECTED
from streamer.embedded.demo.clinic import bookings, demo_settings, enrol, open_account, open_clinic
from streamer.embedded.demo.day_rows import DayRows
from streamer.embedded.demo.lobby import InterruptedDemoError, clip_path, compose_lobby
from streamer.embedded.demo.photographs import Person, find_people, read_photographs
from streamer.embedded.demo.run_folder import run_folder
from streamer.embedded.demo.view import RateMeter, View, lines_of
from streamer.embedded.home import make_private_folder
from streamer.errors import InputError
from streamer.ingest.supervisor import CameraSupervisor
from streamer.models_folder import models_folder
from streamer.recognition import open_matcher
from streamer.score_rules import score_rules
from streamer.simulator.server import CameraSimulator
from streamer.storage.listing import AppointmentRow, CheckInRow
from streamer.web.place import announced

MAX_CLIPS = 8
_LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What is wanted.

    Attributes:
        seconds: How long to run from the first analysed frame on; None = until stopped.
        clips: Own footage, a camera each, instead of the lobby.
    """

    seconds: float | None = None
    clips: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What came of it.

    Attributes:
        check_ins: Everyone's, in their order.
        expected: The appointments that had to become `arrived`.
        cameras: What each was doing at the end, with its counters.
        finished: Whether it ran as long as wanted.
        running_s: Seconds since the first analysed frame, 0 before.
    """

    check_ins: tuple[CheckInRow, ...]
    expected: tuple[str, ...]
    cameras: tuple[CameraState, ...]
    finished: bool
    running_s: float


class Screen(Protocol):
    """Where it is shown."""

    def step(self, text: str) -> None:
        """A step of the set-up begins."""
        ...

    def show(self, view: View) -> None:
        """This is how things are now."""
        ...

    def stopping(self) -> None:
        """The end has begun; may be said more than once."""
        ...


async def run_demo(
    options: DemoOptions, home: Path, clock: Clock, stop: asyncio.Event, screen: Screen
) -> DemoResult:
    """Run until `stop` is set or the time is over; leaves nothing but the composed clip.

    Args:
        options: What is wanted.
        home: Kirdi's home folder; the demo keeps to `demo` below it, and shares the models.
        clock: Times and waits.
        stop: Ends it, during the set-up too.
        screen: Shows it.

    Raises:
        InterruptedDemoError: `stop` was set before the service ran.
        KirdiError: Something cannot be had; everything is cleared away.
        MatcherError: The models cannot be had.
    """
    demo_home, models = home / "demo", models_folder(home)
    for folder in (demo_home, models):
        await asyncio.to_thread(make_private_folder, folder)
    async with AsyncExitStack() as stack:
        simulator = None
        if options.clips:
            simulator = await stack.enter_async_context(_camera(options.clips))
        run = await stack.enter_async_context(_in_threads(demo_home))
        (run / "models").symlink_to(models)
        setting_up = _SetUp(run, demo_home, clock, stop, screen)
        backend, clip = await setting_up.run(stack, compose=not options.clips)
        if simulator is None:
            simulator = await stack.enter_async_context(_camera((clip,)))
        # The first address plays all files in turn, where there is one; the files' own are last.
        urls = simulator.urls[-max(1, len(options.clips)) :]
        _go_on(stop)
        screen.step("starting the service")
        visitor = await open_account(backend, clock.now())
        return await _Running(options, backend, visitor, clock, screen).run(urls, run, stop)


class _SetUp:
    """From an empty folder to a clinic whose patients are enrolled."""

    def __init__(
        self, run: Path, demo_home: Path, clock: Clock, stop: asyncio.Event, screen: Screen
    ) -> None:
        self._run = run
        self._demo_home = demo_home
        self._clock = clock
        self._stop = stop
        self._screen = screen
        self._abandoned = False

    async def run(self, stack: AsyncExitStack, *, compose: bool) -> tuple[Backend, Path]:
        """The open database and the composed clip."""
        settings = demo_settings()
        _go_on(self._stop)
        self._screen.step("loading the models (built at first use)")
        async with open_matcher(settings, self._run) as matcher:
            photographs = await asyncio.to_thread(read_photographs)
            people = await find_people(photographs, matcher)
            clip = clip_path(self._demo_home, photographs)
            composing = asyncio.create_task(self._compose(clip, people, wanted=compose))
            try:
                _go_on(self._stop)
                self._screen.step("starting PostgreSQL and Redis")
                backend = await stack.enter_async_context(
                    open_backend(settings, self._run, self._clock)
                )
                await self._enrol(backend, matcher, people)
            except BaseException:
                self._abandoned = True
                await asyncio.gather(composing, return_exceptions=True)
                raise
            await composing
        return backend, clip

    async def _compose(self, clip: Path, people: Sequence[Person], *, wanted: bool) -> None:
        if wanted and not await asyncio.to_thread(clip.exists):
            self._screen.step("composing the lobby clip, once")
            await asyncio.to_thread(
                compose_lobby, clip, people, lambda: self._abandoned or self._stop.is_set()
            )

    async def _enrol(self, backend: Backend, matcher: Matcher, people: Sequence[Person]) -> None:
        _go_on(self._stop)
        self._screen.step("importing patients and appointments, enrolling those who consented")
        now, settings = self._clock.now(), backend.settings
        pack = await asyncio.to_thread(open_pack, models_folder(self._run), settings.models.pack)
        rules = await asyncio.to_thread(score_rules, pack, settings.match)
        await open_clinic(backend, now)
        for member in CAST:
            _go_on(self._stop)
            if member.patient_ref is not None:
                await enrol(member, people, backend, matcher, rules, now)


class _Cameras:
    """Shows the cameras' counters while the service runs (`instruments.Instruments`)."""

    def __init__(self) -> None:
        self._cameras: Sequence[CameraSupervisor] = ()

    def watch(self, matcher: Matcher, cameras: Sequence[CameraSupervisor]) -> None:  # noqa: ARG002 - the protocol's
        """Remember the cameras."""
        self._cameras = cameras

    def timed(self, writer: CheckInWriter) -> CheckInWriter:
        """Leave the writer as it is."""
        return writer

    @property
    def states(self) -> tuple[CameraState, ...]:
        return tuple(camera.state for camera in self._cameras)


class _Running:
    """The service and the eye on it."""

    def __init__(
        self,
        options: DemoOptions,
        backend: Backend,
        visitor: tuple[str, str],
        clock: Clock,
        screen: Screen,
    ) -> None:
        self._options = options
        self._visitor = visitor
        self._backend = backend
        self._rows = DayRows(backend)
        self._clock = clock
        self._screen = screen
        self._home = Path()
        self._cameras = _Cameras()
        self._meter = RateMeter()
        self._began = clock.now()
        self._first_frame_at: float | None = None

    async def run(self, urls: Sequence[str], home: Path, stop: asyncio.Event) -> DemoResult:
        ending, self._home = asyncio.Event(), home
        service = asyncio.create_task(
            run_service(demo_settings(urls), home, self._clock, ending, self._cameras)
        )
        try:
            while not (service.done() or stop.is_set() or self._over()):
                self._screen.show(await self._view(self._cameras.states))
                await self._clock.sleep(_LOOK_S, stop)
        finally:
            finished, running_s = self._over(), self._running_s() or 0.0
            ending.set()
            try:
                self._screen.stopping()
            finally:
                # Even when there is no terminal any more to say it on.
                await asyncio.wait([service])
        cameras = service.result()
        self._screen.show(await self._view(cameras, ended=True))
        expected = () if self._options.clips else EXPECTED
        check_ins = tuple(await self._check_ins())
        return DemoResult(check_ins, expected, cameras, finished, running_s)

    def _over(self) -> bool:
        running, wanted = self._running_s(), self._options.seconds
        return wanted is not None and running is not None and running >= wanted

    def _running_s(self) -> float | None:
        if self._first_frame_at is None:
            return None
        return self._clock.monotonic() - self._first_frame_at

    async def _view(self, cameras: tuple[CameraState, ...], *, ended: bool = False) -> View:
        now = self._clock.monotonic()
        if self._first_frame_at is None and any(camera.analysed for camera in cameras):
            self._first_frame_at = now
        # Check-ins first: the appointment of each that is seen is then seen as it became.
        check_ins = await self._check_ins()
        lines = lines_of(
            await self._appointments(), check_ins, own_footage=bool(self._options.clips)
        )
        rates, address = self._meter.rates(now, cameras), await self._address()
        return View(lines, cameras, rates, self._running_s(), ended, address, self._visitor)

    async def _address(self) -> str | None:
        found = await asyncio.to_thread(announced, self._home)
        return None if found is None else str(found["url"])

    async def _appointments(self) -> list[AppointmentRow]:
        last = max(one.starts_at for one in bookings(self._began))
        days = self._days(last)
        return [row for day in days for row in await self._rows.appointments(day)]

    async def _check_ins(self) -> list[CheckInRow]:
        days = self._days(self._clock.now())
        return [row for day in days for row in await self._rows.check_ins(day)]

    def _days(self, until: datetime) -> list[date]:
        """The site's days from the demo's beginning on: it may run over midnight."""
        zone = self._backend.settings.site.zone
        first, last = (at.astimezone(zone).date() for at in (self._began, until))
        return [first + timedelta(days=count) for count in range((last - first).days + 1)]


@asynccontextmanager
async def _camera(files: Sequence[Path]) -> AsyncIterator[CameraSimulator]:
    if len(files) > MAX_CLIPS:
        raise InputError(f"--clip: {len(files)} files; give {MAX_CLIPS} at most")
    async with CameraSimulator(files, port=0, loop=True) as simulator:
        yield simulator


@asynccontextmanager
async def _in_threads(demo_home: Path) -> AsyncIterator[Path]:
    """`run_folder` off the event loop: clearing away may take seconds."""
    manager = run_folder(demo_home)
    folder = await asyncio.to_thread(manager.__enter__)
    try:
        yield folder
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


def _go_on(stop: asyncio.Event) -> None:
    if stop.is_set():
        raise InterruptedDemoError
