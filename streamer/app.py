"""The composition root: makes the parts, starts them in order, stops them in reverse.

Called by `kirdi run`. Order of the start: home lock, database and key, models, gallery, delivery,
cameras. A background task that dies ends the service.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from config.settings import Camera, Settings
from matcher.matcher import Matcher
from matcher.packs.score_scale import ScoreScale
from matcher.packs.store import open_pack
from streamer.acting import acting
from streamer.api.clinic import ClinicApi
from streamer.api.key_forgetting import forget_keys
from streamer.audit_keeper import AuditKeeper
from streamer.audit_start import begin_audit
from streamer.backend import open_backend
from streamer.background import Background
from streamer.calibration_keeper import CalibrationKeeper
from streamer.cameras.camera_control import CameraControl, Reloading
from streamer.cameras.camera_set import CameraSet, Note
from streamer.cameras.desk_cameras import DeskCameras
from streamer.cameras.load_governor import LoadGovernor
from streamer.cameras.load_watch import LoadWatch
from streamer.cameras.overlay_file import OverlayFile
from streamer.cameras.reference_keeper import ReferenceKeeper
from streamer.cameras.running_camera import STOP_TIMEOUT_S, RunningCamera
from streamer.checkin.codes.qr_picture import read_qr
from streamer.checkin.codes.redeeming import Redeeming
from streamer.checkin.day_watch import DayWatch
from streamer.checkin.delivery import CheckInDelivery, CheckInWriter
from streamer.checkin.desk_comparisons import DeskCamera, DeskComparisons, DeskRules
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_desk import ReviewDesk
from streamer.checkin.review_queue import ReviewQueue
from streamer.checkin.service import CheckInService, Looking
from streamer.clock import Clock
from streamer.code_counters import kiosk_device, redeeming
from streamer.consent_keeper import ConsentKeeper
from streamer.control.messages import Reply, Request
from streamer.control.server import ControlServer
from streamer.desk_control import VERBS as DESK_VERBS
from streamer.desk_control import DeskControl
from streamer.desk_pipeline import DeskPipeline
from streamer.domain.camera_state import CameraState
from streamer.domain.change import Change
from streamer.domain.template import Template
from streamer.gallery_keeper import MAX_AGE_S, GalleryKeeper
from streamer.ingest.confinement import shortcomings
from streamer.ingest.hardware_probe import HardwareProbe
from streamer.ingest.live_view import LiveView
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.supervisor import CameraSupervisor
from streamer.instruments import Instruments
from streamer.jobs.job_scheduler import JobScheduler
from streamer.kiosk_pipeline import KioskPipeline
from streamer.match_recorder import MatchRecorder
from streamer.notices import notices, pack_notice
from streamer.pipeline import CameraPipeline
from streamer.recognition import FAINT, models_folder, open_matcher
from streamer.review_control import VERBS as REVIEW_VERBS
from streamer.review_control import ReviewControl
from streamer.schedule_keeper import ScheduleKeeper
from streamer.score_rules import score_rules, tail_of, thresholds_of
from streamer.service_lock import only_service_of
from streamer.service_rules import arrival_policy, gallery_builder, pipeline_rules
from streamer.site_jobs import site_jobs
from streamer.storage.audit_log import AuditLog
from streamer.storage.change_feed import ChangeFeed
from streamer.storage.schedules import ScheduleCache
from streamer.storage.spool import Spool
from streamer.tracking.voting import Search
from streamer.uptime_recorder import UptimeRecorder
from streamer.web_service import WebService, open_web

log = structlog.get_logger(__name__)

# Reading a QR code out of a picture takes some 10 ms of one.
_QR_THREADS: Final = 2


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
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(only_service_of(home))
        backend = await stack.enter_async_context(open_backend(settings, home, clock))
        # Early: a taken port or a bad certificate shows before the models are loaded.
        web = await stack.enter_async_context(open_web(backend, home))
        matcher = await stack.enter_async_context(open_matcher(settings, home, FAINT))
        audit_keeper = await begin_audit(backend)
        spool = await asyncio.to_thread(Spool.open, home / "spool.sqlite")
        stack.callback(spool.close)

        pack = await asyncio.to_thread(open_pack, models_folder(home), settings.models.pack)
        rules = await asyncio.to_thread(score_rules, pack, settings.match)
        build = gallery_builder(matcher.pack_id, rules.cohort)
        keeper = GalleryKeeper(
            backend.gallery(matcher.pack_id),
            build,
            clock,
            settings.arrival.refresh_s,
        )
        # Whose guardian's consent has ended is out before the first gallery.
        await backend.consents.end_of_age(clock.now())
        consents = ConsentKeeper(backend.consents, backend.remnants, settings.site.zone, clock)
        await keeper.refresh()
        schedule = ScheduleKeeper(backend.schedules, clock, settings.arrival.refresh_s)
        await backend.schedules.refresh()
        calibration = CalibrationKeeper(
            backend.calibrations(matcher.pack_id),
            rules.thresholds,
            lambda found: thresholds_of(tail_of(found.impostor_tail), settings.match),
            settings.match.accept_fpir,
            rules.figures,
            clock,
        )
        await calibration.refresh()
        writer: CheckInWriter = backend.check_ins
        if instruments is not None:
            writer = instruments.timed(writer)
        delivery = CheckInDelivery(writer, spool, clock)
        reviews, rejections = ReviewQueue(settings.site.zone), Rejections(settings.site.zone)
        policy = arrival_policy(settings)
        watch = DayWatch(
            backend.day_facts,
            delivery,
            policy,
            settings.staff.practitioners,
            settings.site.id,
            clock,
        )
        await watch.refresh()
        service = CheckInService(
            settings.site.id,
            backend.schedules,
            delivery,
            backend.presences,
            policy,
            Looking(reviews, rejections, lambda: calibration.calibrated, lambda: watch.current),
            clock,
        )
        stores = (backend.reviews, backend.waiting_reviews)
        desk = ReviewDesk(settings.site.id, reviews, rejections, *stores, policy, clock)
        await desk.recall()
        counts = MatchRecorder(backend.match_counts(matcher.pack_id), settings.site.zone, clock)
        recorder = UptimeRecorder(backend.uptime, clock, MAX_AGE_S)
        gaps = shortcomings()
        if gaps:
            log.warning("decoders are less confined than they should be", gaps=gaps)
        log.info(
            "service ready",
            site=settings.site.id,
            cameras=len(settings.cameras),
            recognition=settings.recognition.mode,
            device=matcher.device,
            pack=matcher.pack_id,
            web=None if web is None else web.url,
        )
        left = await backend.patients_list(matcher.pack_id).count_needing_enrolment(clock.now())
        for notice in notices(
            pack.manifest, settings.match.auto_arrive, calibration.calibrated, left
        ):
            log.warning("to be known", notice=notice)
        weak = pack_notice(pack.manifest)
        remarks = gaps if weak is None else (*gaps, weak)
        references = ReferenceKeeper(home, clock)
        await references.load()
        hardware, codes = HardwareProbe(), redeeming(backend)
        stack.push_async_callback(hardware.close)
        parts = _Parts(
            settings,
            home,
            clock,
            matcher,
            rules.scale,
            keeper,
            schedule,
            backend.change_feed(partial(_tell, keeper, backend.schedules, schedule, watch)),
            calibration,
            delivery,
            service,
            watch,
            desk,
            counts,
            recorder,
            remarks,
            references,
            hardware,
            consents,
            lambda one: build(None, (), [one]),
            lambda camera: DeskComparisons(
                DeskRules(settings.site.id, matcher.pack_id, policy),
                camera,
                backend.desk,
                backend.schedules,
                rejections,
                lambda: watch.current,
                clock,
            ),
            codes,
            stack.enter_context(ThreadPoolExecutor(_QR_THREADS, thread_name_prefix="qr")),
            web,
            ClinicApi(backend, matcher, rules, pack.manifest, desk, codes, calibration),
            site_jobs(backend),
            backend.audit_log,
            audit_keeper,
        )
        return await _run_tasks(parts, stop, instruments, reloading)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the background tasks work with."""

    settings: Settings
    home: Path
    clock: Clock
    matcher: Matcher
    scale: ScoreScale
    keeper: GalleryKeeper
    schedule: ScheduleKeeper
    changes: ChangeFeed
    calibration: CalibrationKeeper
    delivery: CheckInDelivery
    service: CheckInService
    day: DayWatch
    desk: ReviewDesk
    counts: MatchRecorder
    recorder: UptimeRecorder
    remarks: tuple[str, ...]
    references: ReferenceKeeper
    hardware: HardwareProbe
    consents: ConsentKeeper
    gallery_of_one: Callable[[Template], Search]
    comparisons: Callable[[Callable[[str], DeskCamera]], DeskComparisons]
    codes: Redeeming
    threads: Executor
    web: WebService | None
    clinic: ClinicApi
    jobs: JobScheduler
    audit: AuditLog
    audit_keeper: AuditKeeper

    def camera(self, camera: Camera, note: Note) -> RunningCamera:
        """Make what runs one camera."""
        mailbox = LatestFrameMailbox()
        view = LiveView(camera, self.clock)
        supervisor = CameraSupervisor(
            camera,
            self.clock,
            mailbox,
            note,
            remarks=self.remarks,
            tap=view.tap,
            reference=self.references.recall(camera),
            on_reference=partial(self.references.remember, camera),
            find_hardware=self.hardware.find,
        )
        if camera.kind == "kiosk":
            # No matcher, no gallery: nobody's face can be looked for here.
            kiosk = KioskPipeline(
                kiosk_device(camera), read_qr, self.threads, self.codes, self.clock
            )
            return RunningCamera(supervisor, mailbox, kiosk, view)
        rules = pipeline_rules(self.settings, camera, self.scale, self.calibration)
        if not rules.searches:
            desk = DeskPipeline(rules, self.matcher, supervisor.hold)
            return RunningCamera(supervisor, mailbox, desk, view)
        pipeline = CameraPipeline(
            rules,
            self.matcher,
            lambda: self.keeper.current,
            self.service,
            self.counts,
            supervisor.hold,
        )
        return RunningCamera(supervisor, mailbox, pipeline, view)


def _tell(
    gallery: GalleryKeeper,
    schedules: ScheduleCache,
    schedule: ScheduleKeeper,
    day: DayWatch,
    change: Change,
) -> None:
    """Have looked at, now and not in a second, what depends on a change; never blocks."""
    schedules.changed(change)
    gallery.wake()
    schedule.wake()
    day.wake()


async def _run_tasks(
    parts: _Parts,
    stop: asyncio.Event,
    instruments: Instruments | None,
    reloading: Reloading | None,
) -> tuple[CameraState, ...]:
    """Run cameras in front of decisions, decisions in front of storage; they stop in this order."""
    cameras, decisions, storage = Background(), Background(), Background()
    stop_decisions, stop_storage = asyncio.Event(), asyncio.Event()
    timeout_s = 2 * parts.settings.database.command_timeout_s
    camera_set = CameraSet(parts.camera, parts.recorder, cameras, parts.clock)
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
    storage.start("check-in delivery", parts.delivery.run(stop_storage))
    storage.start("camera uptime", parts.recorder.run(stop_storage))
    storage.start("match counts", parts.counts.run(stop_storage))
    storage.start("consents", parts.consents.run(stop_storage))
    storage.start("jobs", parts.jobs.run(stop_storage))
    storage.start("audit checkpoints", parts.audit_keeper.run(stop_storage))
    storage.start("audit checkpoints outside", parts.audit_keeper.send(stop_storage))
    decisions.start("check-in decisions", parts.service.run(stop_decisions))
    decisions.start("day", parts.day.run(stop_decisions))
    decisions.start("reviews", parts.desk.run(stop_decisions))
    cameras.start("gallery", parts.keeper.run(stop))
    decisions.start("schedule", parts.schedule.run(stop_decisions))
    cameras.start("changes", parts.changes.run(stop))
    cameras.start("site calibration", parts.calibration.run(stop))
    cameras.start("cameras", camera_set.run(stop))
    cameras.start("load", watch.run(stop))
    cameras.start("reference pictures", parts.references.run(stop))
    cameras.start("reload", control.run(stop))
    reviews = ReviewControl(parts.desk, lambda by: acting(parts.settings, by))
    policy = arrival_policy(parts.settings)
    at_desk = DeskCameras(camera_set.at_work, parts.gallery_of_one, policy.min_liveness)
    comparisons = parts.comparisons(at_desk.find)
    desk = DeskControl(comparisons, lambda by: acting(parts.settings, by), stop)

    async def answer(request: Request) -> Reply:
        if request.verb in DESK_VERBS:
            return await desk.answer(request)
        return await (reviews if request.verb in REVIEW_VERBS else control).answer(request)

    cameras.start("control socket", ControlServer(parts.home, answer).run(stop))
    if parts.web is not None:
        parts.web.open_clinic(parts.clinic.resources(control, comparisons, stop))
        cameras.start("web", parts.web.run(stop))
        storage.start("idempotency keys", forget_keys(parts.clinic.once, parts.clock, stop_storage))
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
