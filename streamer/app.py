"""The composition root: makes the parts, starts them in order, stops them in reverse.

Called by `kirdi run`. Order of the start: home lock, database and key, models, gallery, delivery,
cameras. A background task that dies ends the service.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import structlog

from config.settings import Camera, Settings
from matcher.face import Embedding
from matcher.gallery import Gallery
from matcher.matcher import Matcher
from streamer.backend import open_backend
from streamer.background import Background
from streamer.checkin.decision import ArrivalPolicy
from streamer.checkin.delivery import CheckInDelivery, CheckInWriter
from streamer.checkin.service import CheckInService
from streamer.clock import Clock
from streamer.domain.camera_state import CameraState
from streamer.domain.template import Template
from streamer.errors import KirdiError
from streamer.gallery_keeper import MAX_AGE_S, GalleryKeeper
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.supervisor import CameraSupervisor
from streamer.pipeline import CameraPipeline, PipelineRules
from streamer.recognition import face_gate, open_matcher
from streamer.storage.spool import Spool
from streamer.tracking.voting import Search, VoteLimits
from streamer.uptime_recorder import UptimeRecorder

log = structlog.get_logger(__name__)

# The longest a camera may take to stop: its decoder is given 3 s.
_STOP_TIMEOUT_S = 6.0


class Instruments(Protocol):
    """What `kirdi bench` and `kirdi demo` look through; the service itself has none."""

    def watch(self, matcher: Matcher, cameras: Sequence[CameraSupervisor]) -> None:
        """Be shown the parts that count, once they all exist."""
        ...

    def timed(self, writer: CheckInWriter) -> CheckInWriter:
        """Return the writer with a stopwatch around it."""
        ...


async def run_service(
    settings: Settings,
    home: Path,
    clock: Clock,
    stop: asyncio.Event,
    instruments: Instruments | None = None,
) -> tuple[CameraState, ...]:
    """Run until `stop` is set.

    Returns:
        What each camera was doing at the end, with its counters.

    Raises:
        KirdiError: The service cannot start, or one of its tasks died.
        MatcherError: The models cannot be had.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(_only_service_of(home))
        backend = await stack.enter_async_context(open_backend(settings, home, clock))
        matcher = await stack.enter_async_context(open_matcher(settings, home))
        spool = await asyncio.to_thread(Spool.open, home / "spool.sqlite")
        stack.callback(spool.close)

        keeper = GalleryKeeper(
            backend.gallery(matcher.pack_id),
            gallery_builder(matcher.pack_id),
            clock,
            settings.arrival.refresh_s,
        )
        await keeper.refresh()
        writer: CheckInWriter = backend.check_ins
        if instruments is not None:
            writer = instruments.timed(writer)
        delivery = CheckInDelivery(writer, spool, clock)
        service = CheckInService(
            settings.site.id, backend.schedules, delivery, arrival_policy(settings), clock
        )
        recorder = UptimeRecorder(backend.uptime, clock, MAX_AGE_S)
        log.info(
            "service ready",
            site=settings.site.id,
            cameras=len(settings.cameras),
            recognition=settings.recognition.mode,
            device=matcher.device,
            pack=matcher.pack_id,
        )
        parts = _Parts(matcher, keeper, delivery, service, recorder)
        return await _run_tasks(settings, clock, stop, parts, instruments)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the background tasks work with."""

    matcher: Matcher
    keeper: GalleryKeeper
    delivery: CheckInDelivery
    service: CheckInService
    recorder: UptimeRecorder


async def _run_tasks(
    settings: Settings,
    clock: Clock,
    stop: asyncio.Event,
    parts: _Parts,
    instruments: Instruments | None,
) -> tuple[CameraState, ...]:
    """Run cameras in front of decisions, decisions in front of storage; they stop in this order."""
    cameras, decisions, storage = Background(), Background(), Background()
    stop_decisions, stop_storage = asyncio.Event(), asyncio.Event()
    supervisors = []
    storage.start("check-in delivery", parts.delivery.run(stop_storage))
    storage.start("camera uptime", parts.recorder.run(stop_storage))
    decisions.start("check-in decisions", parts.service.run(stop_decisions))
    cameras.start("gallery", parts.keeper.run(stop))
    for camera in settings.cameras:
        mailbox = LatestFrameMailbox()
        supervisor = CameraSupervisor(camera, clock, mailbox, parts.recorder.note)
        pipeline = CameraPipeline(
            pipeline_rules(settings, camera),
            parts.matcher,
            lambda: parts.keeper.current,
            parts.service,
            supervisor.hold,
        )
        supervisors.append(supervisor)
        # A supervisor closes its mailbox at the end, and so ends the pipeline behind it.
        cameras.start(f"camera {camera.id}", supervisor.run(stop))
        cameras.start(f"pipeline {camera.id}", pipeline.run(mailbox))
    if instruments is not None:
        instruments.watch(parts.matcher, supervisors)
    watches = [asyncio.create_task(one.watch(stop)) for one in (cameras, decisions, storage)]
    try:
        done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        stop.set()
        await asyncio.gather(*watches, return_exceptions=True)
        await cameras.finish(_STOP_TIMEOUT_S)
        stop_decisions.set()
        await decisions.finish(2 * settings.database.command_timeout_s)
        stop_storage.set()
        await storage.finish(2 * settings.database.command_timeout_s)
        log.info("service stopped")
    return tuple(supervisor.state for supervisor in supervisors)


def pipeline_rules(settings: Settings, camera: Camera) -> PipelineRules:
    """What one camera's pipeline holds to."""
    # In mode lobby the whole picture counts, whatever lanes are drawn.
    lane = None if settings.recognition.mode == "lobby" else camera.lane
    return PipelineRules(
        camera_id=camera.id,
        building=camera.building,
        lane=lane,
        shortcoming=face_gate(settings.quality),
        vote=VoteLimits(
            max_distance=settings.match.max_distance,
            max_frame_distance=settings.match.max_frame_distance,
            min_margin=settings.match.min_margin,
            min_agreeing_frames=settings.match.min_agreeing_frames,
        ),
        best_shots=settings.match.best_shots,
        other_person=settings.match.other_person_distance,
        # Three frames missed at the camera's own pace, and never less than a second.
        max_gap_s=max(1.0, 3.0 / camera.analyse_fps),
        searches=settings.recognition.mode != "desk",
    )


def arrival_policy(settings: Settings) -> ArrivalPolicy:
    """When a recognised patient counts as arrived."""
    return ArrivalPolicy(
        opens_before=timedelta(minutes=settings.arrival.opens_before_min),
        closes_after=timedelta(minutes=settings.arrival.closes_after_min),
        auto_arrive=settings.match.auto_arrive == "always",
    )


def gallery_builder(pack_id: str) -> Callable[[Sequence[Template]], Search]:
    """Make searchable galleries of one pack's templates."""

    def build(templates: Sequence[Template]) -> Search:
        return Gallery(
            pack_id,
            ((str(one.patient_id), Embedding(one.vector, one.pack_id)) for one in templates),
        )

    return build


@contextmanager
def _only_service_of(home: Path) -> Iterator[None]:
    """Hold the home folder's service lock; the kernel lets go of it when the process dies.

    Raises:
        KirdiError: Another service runs on this home folder.
    """
    descriptor = os.open(home / "service.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise KirdiError(
                f"service: another one runs on {home}; stop it, or set KIRDI_HOME elsewhere"
            ) from error
        yield
    finally:
        os.close(descriptor)
