"""Puts together what the routes of the clinic's domain work with. Called by `app` and by tests."""

import asyncio
import os
from dataclasses import dataclass

from matcher.matcher import Matcher
from matcher.packs.manifest import Manifest
from streamer.api.accounts import ApiAccounts, ApiTokens, Hasher
from streamer.api.audit import ApiAudit
from streamer.api.camera_tests import ApiCameraTests
from streamer.api.cameras import ApiCameras
from streamer.api.check_ins import ApiCheckIns
from streamer.api.codes import ApiCodes
from streamer.api.consents import ApiConsents
from streamer.api.day_events import DayEvents
from streamer.api.desk import ApiDesk
from streamer.api.devices import ApiDevices
from streamer.api.enrolments import ApiEnrolments
from streamer.api.imports import ApiImports
from streamer.api.incidents import ApiIncidents
from streamer.api.jobs import ApiJobs
from streamer.api.kiosk import ApiKiosk
from streamer.api.kiosk_calls import KioskCalls
from streamer.api.notices import ApiNotices
from streamer.api.report_schedules import ApiReportSchedules
from streamer.api.reports import ApiReports
from streamer.api.reviews import ApiReviews
from streamer.api.rights import ApiRights
from streamer.api.shown_settings import ApiSettings, InForce
from streamer.api.state import ApiState, Running
from streamer.backend import Backend
from streamer.calibration_keeper import CalibrationKeeper
from streamer.cameras.camera_control import CameraControl
from streamer.checkin.codes.redeeming import Redeeming
from streamer.checkin.delivery import CheckInDelivery
from streamer.checkin.desk_comparisons import DeskComparisons
from streamer.checkin.review_desk import ReviewDesk
from streamer.code_counters import attempts_of, issuing
from streamer.crypto.passwords import Passwords
from streamer.crypto.pseudonyms import Pseudonyms
from streamer.crypto.seal import Seal
from streamer.domain.remark import Remark
from streamer.jobs.job_scheduler import JobScheduler
from streamer.notices import notices
from streamer.patients.enrolment import Enrolment, EnrolmentRules
from streamer.recognition import face_gate
from streamer.reporting.runs import ReportRuns
from streamer.score_rules import ScoreRules
from streamer.site_jobs import job_notices, report_replies, report_schedules
from streamer.web.camera_ports import Cameras, CameraTests
from streamer.web.installation import Installation, Notices
from streamer.web.media.live_views import LiveViews
from streamer.web.media.track_views import TrackViews
from streamer.web.report_ports import Reports
from streamer.web.resources import (
    Desk,
    Enrolments,
    Resources,
    Reviews,
)


def clinic_resources(
    backend: Backend,
    pack_id: str,
    redeeming: Redeeming,
    *,
    day: DayEvents,
    enrolments: Enrolments,
    reviews: Reviews,
    desk: Desk,
    cameras: Cameras,
    notices: Notices,
    reports: Reports,
    installation: Installation,
    live: LiveViews | None = None,
    tracks: TrackViews | None = None,
    camera_tests: CameraTests | None = None,
) -> Resources:
    """Return them.

    Args:
        backend: The stores.
        pack_id: The model pack in use.
        redeeming: The service's own, which knows who is away.
        day: What finds and tells what is changed of it.
        enrolments: Needs the matcher, and so do the next two.
        reviews: Those of the running service.
        desk: Likewise.
        cameras: Likewise.
        notices: Likewise.
        reports: Makes them, until the service stops.
        installation: See `installation_of`.
        live: Who looks at them; None = nobody can.
        tracks: Who looks at the boxes over them; likewise.
        camera_tests: Looks at them before they are saved; likewise.
    """
    settings, base = backend.settings, backend.database
    return Resources(
        site=settings.site,
        zone=settings.site.zone,
        pack_id=pack_id,
        cursors=Seal(base.secrets.derive("kirdi/cursor/v1")),
        pseudonyms=Pseudonyms(base.secrets.derive),
        once=backend.once,
        visits=backend.visits_reader,
        day=day.reader,
        events=day.hub,
        people=backend.people_reader,
        audit=ApiAudit(backend.audit_log, backend.audit_check),
        looks=backend.page_reader,
        imports=ApiImports(backend),
        enrolments=enrolments,
        consents=ApiConsents(settings, backend),
        check_ins=ApiCheckIns(backend.manual_check_ins, backend.undo),
        codes=ApiCodes(settings, issuing(backend), redeeming, attempts_of(backend), backend.clock),
        kiosk=ApiKiosk(settings, redeeming, attempts_of(backend), backend.tickets, backend.clock),
        kiosk_calls=KioskCalls(backend.clock),
        devices=ApiDevices(settings, backend.devices, backend.clock),
        reviews=reviews,
        desk=desk,
        cameras=cameras,
        notices=notices,
        replies=report_replies(backend),
        reports=reports,
        live=live,
        tracks=tracks,
        camera_tests=camera_tests,
        installation=installation,
    )


def installation_of(
    backend: Backend,
    jobs: JobScheduler,
    running: Running,
    in_force: InForce,
    hasher: Hasher | None = None,
) -> Installation:
    """Return what the routes of the installation work with.

    Args:
        backend: The stores.
        jobs: The scheduler that runs.
        running: What only the running service knows.
        in_force: Knows the settings as they are now.
        hasher: Hashes passwords; None = as slowly as it should be.
    """
    at_times = ApiJobs(jobs, backend.job_runs, backend.audit_log)
    return Installation(
        accounts=ApiAccounts(backend, hasher or Passwords(backend.database.web_secrets.pepper)),
        tokens=ApiTokens(backend),
        jobs=at_times,
        report_schedules=ApiReportSchedules(report_schedules(backend), backend.job_runs),
        settings=ApiSettings(in_force, os.environ),
        state=ApiState(backend, running, at_times),
        rights=ApiRights(backend),
        incidents=ApiIncidents(backend),
    )


@dataclass(frozen=True, slots=True)
class ClinicApi:
    """The running service as the API knows it.

    Attributes:
        manifest: Of the model pack in use.
        redeeming: The service's own, which knows who is away.
        calibration: Knows whether the site has calibrated the pack.
        day: Finds and tells what is changed of it.
        jobs: The scheduler that runs.
        delivery: Knows how many check-ins wait to be written.
    """

    backend: Backend
    matcher: Matcher
    rules: ScoreRules
    manifest: Manifest
    reviews: ReviewDesk
    redeeming: Redeeming
    calibration: CalibrationKeeper
    day: DayEvents
    jobs: JobScheduler
    delivery: CheckInDelivery

    def resources(
        self,
        control: CameraControl,
        comparisons: DeskComparisons,
        live: LiveViews,
        tracks: TrackViews,
        stop: asyncio.Event,
    ) -> Resources:
        """Return what the routes work with; `stop` ends what takes its time."""
        backend, settings = self.backend, self.backend.settings
        enrolment = Enrolment(
            self.matcher,
            face_gate(settings.quality),
            EnrolmentRules(
                settings.quality.warn_face_px,
                self.rules.scale.same_person_distance,
                self.rules.scale.max_distance,
            ),
            backend.enrolments,
            self.rules.compare,
        )
        return clinic_resources(
            backend,
            self.matcher.pack_id,
            self.redeeming,
            day=self.day,
            enrolments=ApiEnrolments(
                enrolment, backend.schedules, settings.site.zone, backend.clock
            ),
            reviews=ApiReviews(self.reviews),
            desk=ApiDesk(comparisons, stop),
            cameras=ApiCameras(control),
            notices=ApiNotices(self._notices),
            reports=ApiReports(backend, ReportRuns(backend), stop),
            live=live,
            tracks=tracks,
            camera_tests=ApiCameraTests(
                lambda: control.in_force()[0],
                self.matcher,
                backend.audit_log,
                backend.clock,
            ),
            installation=installation_of(
                backend,
                self.jobs,
                Running(
                    self.matcher.device,
                    self.manifest,
                    self.calibration,
                    lambda: self.delivery.waiting,
                    lambda: self.reviews.count,
                ),
                control.in_force,
            ),
        )

    async def _notices(self) -> tuple[Remark, ...]:
        patients = self.backend.patients_list(self.matcher.pack_id)
        left = await patients.count_needing_enrolment(self.backend.clock.now())
        auto_arrive = self.backend.settings.match.auto_arrive
        found = notices(self.manifest, auto_arrive, self.calibration.calibrated, left)
        return (*(one.remark for one in found), *await job_notices(self.backend, why=False))
