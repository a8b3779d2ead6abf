"""Makes the parts of the service, in the order in which they need each other. Used by `app`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from config.settings import Camera, Settings
from matcher.matcher import Matcher
from matcher.packs.manifest import Manifest
from matcher.packs.store import open_pack
from streamer.api.clinic import ClinicApi
from streamer.api.day_events import DayEvents, day_events
from streamer.audit_keeper import AuditKeeper
from streamer.audit_start import begin_audit
from streamer.backend import Backend, open_backend
from streamer.calibration_keeper import CalibrationKeeper
from streamer.camera_maker import CameraMaker
from streamer.cameras.camera_set import Note
from streamer.cameras.reference_keeper import ReferenceKeeper
from streamer.cameras.running_camera import RunningCamera
from streamer.checkin.day_watch import DayWatch
from streamer.checkin.delivery import CheckInDelivery, CheckInWriter
from streamer.checkin.desk_comparisons import DeskCamera, DeskComparisons, DeskRules
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_desk import ReviewDesk
from streamer.checkin.review_queue import ReviewQueue
from streamer.checkin.service import CheckInService, Looking
from streamer.clock import Clock
from streamer.code_counters import redeeming
from streamer.consent_keeper import ConsentKeeper
from streamer.domain.change import Change
from streamer.domain.template import Template
from streamer.gallery_keeper import MAX_AGE_S, GalleryKeeper
from streamer.ingest.confinement import shortcomings
from streamer.ingest.hardware_probe import HardwareProbe
from streamer.instruments import Instruments
from streamer.jobs.job_scheduler import JobScheduler
from streamer.match_recorder import MatchRecorder
from streamer.models_folder import models_folder
from streamer.notices import notices, pack_notice
from streamer.recognition import FAINT, open_matcher
from streamer.reporting.keeper import ReportKeeper
from streamer.review_keeper import ReviewKeeper
from streamer.schedule_keeper import ScheduleKeeper
from streamer.score_rules import ScoreRules, score_rules, tail_of, thresholds_of
from streamer.service_lock import only_service_of
from streamer.service_rules import arrival_policy, gallery_builder
from streamer.site_jobs import job_notices, report_keeper, site_jobs
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceParts:
    """What the background tasks work with."""

    settings: Settings
    home: Path
    clock: Clock
    matcher: Matcher
    cameras: Callable[[Camera, Note], RunningCamera]
    keeper: GalleryKeeper
    schedule: ScheduleKeeper
    changes: ChangeFeed
    calibration: CalibrationKeeper
    delivery: CheckInDelivery
    service: CheckInService
    day: DayWatch
    desk: ReviewDesk
    review_keeper: ReviewKeeper
    counts: MatchRecorder
    recorder: UptimeRecorder
    references: ReferenceKeeper
    consents: ConsentKeeper
    gallery_of_one: Callable[[Template], Search]
    comparisons: Callable[[Callable[[str], DeskCamera]], DeskComparisons]
    web: WebService | None
    clinic: ClinicApi
    jobs: JobScheduler
    reports: ReportKeeper
    audit: AuditLog
    audit_keeper: AuditKeeper


@asynccontextmanager
async def open_parts(
    settings: Settings, home: Path, clock: Clock, instruments: Instruments | None
) -> AsyncIterator[ServiceParts]:
    """Make everything, with what it begins from already read; nothing runs yet.

    Args:
        settings: What the service goes by.
        home: Locked while the block lasts.
        clock: Its only source of time.
        instruments: Times what is written; None = nobody looks on.

    Raises:
        KirdiError: The service cannot start.
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
        # Whose guardian's consent has ended is out before the first gallery.
        await backend.consents.end_of_age(clock.now())
        keeper = GalleryKeeper(
            backend.gallery(matcher.pack_id), build, clock, settings.arrival.refresh_s
        )
        await keeper.refresh()
        schedule = ScheduleKeeper(backend.schedules, clock, settings.arrival.refresh_s)
        await backend.schedules.refresh()
        calibration = await _calibration(backend, matcher.pack_id, rules)
        writer: CheckInWriter = backend.check_ins
        if instruments is not None:
            writer = instruments.timed(writer)
        delivery = CheckInDelivery(writer, spool, clock)
        decisions = await _decisions(backend, delivery, calibration)
        counts = MatchRecorder(backend.match_counts(matcher.pack_id), settings.site.zone, clock)
        remarks = await _remarks(backend, matcher, pack.manifest, calibration, web)
        references = ReferenceKeeper(home, clock)
        await references.load()
        hardware, codes = HardwareProbe(), redeeming(backend)
        stack.push_async_callback(hardware.close)
        maker = CameraMaker(
            settings,
            clock,
            matcher,
            rules.scale,
            calibration,
            keeper,
            decisions.service,
            counts,
            references,
            hardware,
            codes,
            stack.enter_context(ThreadPoolExecutor(_QR_THREADS, thread_name_prefix="qr")),
            remarks,
        )
        desk, jobs, day = decisions.desk, site_jobs(backend), day_events(backend)
        await day.follower.begin()
        yield ServiceParts(
            settings=settings,
            home=home,
            clock=clock,
            matcher=matcher,
            cameras=maker.make,
            keeper=keeper,
            schedule=schedule,
            changes=backend.change_feed(
                partial(_tell, keeper, backend.schedules, schedule, decisions, day)
            ),
            calibration=calibration,
            delivery=delivery,
            service=decisions.service,
            day=decisions.watch,
            desk=desk,
            review_keeper=decisions.review_keeper,
            counts=counts,
            recorder=UptimeRecorder(backend.uptime, clock, MAX_AGE_S),
            references=references,
            consents=ConsentKeeper(backend.consents, backend.remnants, settings.site.zone, clock),
            gallery_of_one=lambda one: build(None, (), [one]),
            comparisons=lambda camera: decisions.comparisons(backend, matcher.pack_id, camera),
            web=web,
            clinic=ClinicApi(
                backend,
                matcher,
                rules,
                pack.manifest,
                desk,
                codes,
                calibration,
                day,
                jobs,
                delivery,
            ),
            jobs=jobs,
            reports=report_keeper(backend),
            audit=backend.audit_log,
            audit_keeper=audit_keeper,
        )


@dataclass(frozen=True, slots=True)
class _Decisions:
    """Who decides about what cameras propose, and what they share."""

    service: CheckInService
    watch: DayWatch
    desk: ReviewDesk
    review_keeper: ReviewKeeper
    rejections: Rejections

    def comparisons(
        self, backend: Backend, pack_id: str, camera: Callable[[str], DeskCamera]
    ) -> DeskComparisons:
        """Make what compares at the desk."""
        return DeskComparisons(
            DeskRules(backend.settings.site.id, pack_id, arrival_policy(backend.settings)),
            camera,
            backend.desk,
            backend.schedules,
            self.rejections,
            lambda: self.watch.current,
            backend.clock,
        )


async def _decisions(
    backend: Backend, delivery: CheckInDelivery, calibration: CalibrationKeeper
) -> _Decisions:
    settings, clock = backend.settings, backend.clock
    policy = arrival_policy(settings)
    reviews, rejections = ReviewQueue(settings.site.zone), Rejections(settings.site.zone)
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
    desk = ReviewDesk(settings.site.id, reviews, rejections, *stores, policy, clock, backend.undo)
    await desk.recall()
    keeper = ReviewKeeper(reviews, backend.reviews, clock)
    return _Decisions(service, watch, desk, keeper, rejections)


async def _calibration(backend: Backend, pack_id: str, rules: ScoreRules) -> CalibrationKeeper:
    match = backend.settings.match
    calibration = CalibrationKeeper(
        backend.calibrations(pack_id),
        rules.thresholds,
        lambda found: thresholds_of(tail_of(found.impostor_tail), match),
        match.accept_fpir,
        rules.figures,
        backend.clock,
    )
    await calibration.refresh()
    return calibration


async def _remarks(
    backend: Backend,
    matcher: Matcher,
    manifest: Manifest,
    calibration: CalibrationKeeper,
    web: WebService | None,
) -> tuple[str, ...]:
    """Log what an operator should know; return what each camera's state says of it."""
    settings = backend.settings
    gaps = shortcomings()
    if gaps:
        log.warning("decoders are less confined than they should be", gaps=gaps)
    # Asked first: from "ready" on a database that goes away ends nothing.
    patients = backend.patients_list(matcher.pack_id)
    left = await patients.count_needing_enrolment(backend.clock.now())
    of_jobs = await job_notices(backend)
    log.info(
        "service ready",
        site=settings.site.id,
        cameras=len(settings.cameras),
        recognition=settings.recognition.mode,
        device=matcher.device,
        pack=matcher.pack_id,
        web=None if web is None else web.url,
    )
    for notice in notices(manifest, settings.match.auto_arrive, calibration.calibrated, left):
        log.warning("to be known", notice=str(notice))
    for remark in of_jobs:
        log.warning("to be known", notice=str(remark))
    weak = pack_notice(manifest)
    return gaps if weak is None else (*gaps, str(weak))


def _tell(
    gallery: GalleryKeeper,
    schedules: ScheduleCache,
    schedule: ScheduleKeeper,
    decisions: _Decisions,
    pages: DayEvents,
    change: Change,
) -> None:
    """Have looked at, now and not in a second, what depends on a change; never blocks."""
    schedules.changed(change)
    gallery.wake()
    schedule.wake()
    decisions.watch.wake()
    decisions.review_keeper.wake()
    pages.follower.wake()
