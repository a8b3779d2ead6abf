"""The composition root: makes the parts, starts them in order, stops them in reverse.

Called by `kirdi run`. Order of the start: home lock, database and key, models, gallery, delivery,
cameras. A background task that dies ends the service.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from config.settings import Settings
from streamer.acting import acting
from streamer.api.live import ApiLiveCameras
from streamer.api.web_housekeeping import forget_what_is_over
from streamer.background import Background
from streamer.cameras.camera_control import CameraControl, Reloading
from streamer.cameras.camera_set import CameraSet
from streamer.cameras.desk_cameras import DeskCameras
from streamer.cameras.load_governor import LoadGovernor
from streamer.cameras.load_watch import LoadWatch
from streamer.cameras.overlay_file import OverlayFile
from streamer.cameras.running_camera import STOP_TIMEOUT_S
from streamer.checkin.desk_comparisons import DeskComparisons
from streamer.clock import Clock
from streamer.control.messages import Reply, Request, Verb
from streamer.control.server import ControlServer
from streamer.desk_control import VERBS as DESK_VERBS
from streamer.desk_control import DeskControl
from streamer.domain.camera_state import CameraState
from streamer.domain.sight import Sight
from streamer.instruments import Instruments
from streamer.review_control import VERBS as REVIEW_VERBS
from streamer.review_control import ReviewControl
from streamer.service_parts import ServiceParts, open_parts
from streamer.service_rules import arrival_policy
from streamer.web.media.live_views import LiveViews
from streamer.web.media.track_views import TrackViews

log = structlog.get_logger(__name__)


async def run_service(
    settings: Settings,
    home: Path,
    clock: Clock,
    stop: asyncio.Event,
    instruments: Instruments | None = None,
    reloading: Reloading | None = None,
) -> tuple[CameraState, ...]:
    """Run until `stop` is set.

    Args:
        settings: Everything it goes by; only cameras may change while it runs.
        home: Where it keeps what must last, and its control socket.
        clock: Its only source of time.
        stop: Ends it.
        instruments: Looks on.
        reloading: How the settings are read anew; None = they are not.

    Returns:
        What each camera was doing at the end, with its counters.

    Raises:
        KirdiError: The service cannot start, or one of its tasks died.
        MatcherError: The models cannot be had.
    """
    async with open_parts(settings, home, clock, instruments) as parts:
        return await _run_tasks(parts, stop, instruments, reloading)


async def _run_tasks(
    parts: ServiceParts,
    stop: asyncio.Event,
    instruments: Instruments | None,
    reloading: Reloading | None,
) -> tuple[CameraState, ...]:
    """Run cameras in front of decisions, decisions in front of storage; they stop in this order."""
    cameras, decisions, storage = Background(), Background(), Background()
    stop_decisions, stop_storage = asyncio.Event(), asyncio.Event()
    timeout_s = 2 * parts.settings.database.command_timeout_s
    camera_set = CameraSet(parts.cameras, parts.recorder, cameras, parts.clock)
    watch = LoadWatch(camera_set, LoadGovernor(), parts.clock)
    control = CameraControl(
        parts.settings,
        camera_set,
        watch,
        OverlayFile(parts.home),
        reloading,
        parts.audit,
        lambda by: acting(parts.settings, by),
        parts.clock,
    )
    _start_storage(parts, storage, stop_storage)
    decisions.start("check-in decisions", parts.service.run(stop_decisions))
    decisions.start("day", parts.day.run(stop_decisions))
    decisions.start("reviews", parts.desk.run(stop_decisions))
    decisions.start("consents of reviews", parts.review_keeper.run(stop_decisions))
    cameras.start("gallery", parts.keeper.run(stop))
    decisions.start("schedule", parts.schedule.run(stop_decisions))
    cameras.start("changes", parts.changes.run(stop))
    cameras.start("site calibration", parts.calibration.run(stop))
    cameras.start("cameras", camera_set.run(stop))
    cameras.start("load", watch.run(stop))
    cameras.start("reference pictures", parts.references.run(stop))
    cameras.start("reload", control.run(stop))
    policy = arrival_policy(parts.settings)
    at_desk = DeskCameras(camera_set.at_work, parts.gallery_of_one, policy.min_liveness)
    comparisons = parts.comparisons(at_desk.find)
    answer = _answering(parts, control, comparisons, stop)
    cameras.start("control socket", ControlServer(parts.home, answer).run(stop))
    if parts.web is not None:
        shown = ApiLiveCameras(camera_set)
        live = LiveViews(parts.settings.live, shown, parts.web.identities, parts.audit, parts.clock)
        tracks = TrackViews(
            parts.settings.live,
            shown,
            parts.clinic.backend.people_reader,
            parts.audit,
            parts.clock,
        )
        cameras.start("live views", live.run(stop))
        parts.web.open_clinic(parts.clinic.resources(control, comparisons, live, tracks, stop))
        cameras.start("events", parts.clinic.day.run(stop))
        cameras.start("web", parts.web.run(stop))
    watches = [asyncio.create_task(one.watch(stop)) for one in (cameras, decisions, storage)]
    try:
        await control.begin()
        if instruments is not None:
            instruments.watch(parts.matcher, [one.supervisor for one in camera_set.running])
        done, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        stop.set()
        await asyncio.gather(*watches, return_exceptions=True)
        await cameras.finish(STOP_TIMEOUT_S)
        stop_decisions.set()
        await decisions.finish(timeout_s)
        stop_storage.set()
        await storage.finish(timeout_s)
        log.info("service stopped")
    return camera_set.states


def _start_storage(parts: ServiceParts, storage: Background, stop: asyncio.Event) -> None:
    storage.start("check-in delivery", parts.delivery.run(stop))
    storage.start("camera uptime", parts.recorder.run(stop))
    storage.start("match counts", parts.counts.run(stop))
    storage.start("consents", parts.consents.run(stop))
    storage.start("reports", parts.reports.run(stop))
    storage.start("jobs", parts.jobs.run(stop))
    storage.start("audit checkpoints", parts.audit_keeper.run(stop))
    storage.start("audit checkpoints outside", parts.audit_keeper.send(stop))
    storage.start("web housekeeping", forget_what_is_over(parts.clinic.backend, stop))


def _answering(
    parts: ServiceParts, control: CameraControl, comparisons: DeskComparisons, stop: asyncio.Event
) -> Callable[[Request], Awaitable[Reply]]:
    """Who answers what is asked over the control socket."""
    pages = parts.clinic.backend.page_reader
    reviews = ReviewControl(
        parts.desk,
        lambda by: acting(parts.settings, by),
        lambda by, refs: pages.looked_over(Sight(by.name), "Review", refs),
    )
    desk = DeskControl(comparisons, lambda by: acting(parts.settings, by), stop)

    async def answer(request: Request) -> Reply:
        if request.verb is Verb.HEALTH:
            return Reply(cache=parts.clinic.backend.schedules.cache_report)
        if request.verb in DESK_VERBS:
            return await desk.answer(request)
        return await (reviews if request.verb in REVIEW_VERBS else control).answer(request)

    return answer
