"""Puts together what the routes of the clinic's domain work with. Called by `app` and by tests."""

import asyncio
from dataclasses import dataclass

from matcher.matcher import Matcher
from matcher.packs.manifest import Manifest
from streamer.api.audit import ApiAudit
from streamer.api.cameras import ApiCameras
from streamer.api.check_ins import ApiCheckIns
from streamer.api.codes import ApiCodes
from streamer.api.consents import ApiConsents
from streamer.api.day_events import DayEvents
from streamer.api.desk import ApiDesk
from streamer.api.enrolments import ApiEnrolments
from streamer.api.notices import ApiNotices
from streamer.api.reviews import ApiReviews
from streamer.backend import Backend
from streamer.calibration_keeper import CalibrationKeeper
from streamer.cameras.camera_control import CameraControl
from streamer.checkin.codes.redeeming import Redeeming
from streamer.checkin.desk_comparisons import DeskComparisons
from streamer.checkin.review_desk import ReviewDesk
from streamer.code_counters import attempts_of, issuing
from streamer.crypto.pseudonyms import Pseudonyms
from streamer.crypto.seal import Seal
from streamer.notices import notices
from streamer.patients.enrolment import Enrolment, EnrolmentRules
from streamer.recognition import face_gate
from streamer.score_rules import ScoreRules
from streamer.web.resources import Cameras, Desk, Enrolments, Notices, Resources, Reviews


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
    """
    settings, base = backend.settings, backend.database
    return Resources(
        zone=settings.site.zone,
        pack_id=pack_id,
        cursors=Seal(base.secrets.derive("kirdi/cursor/v1")),
        pseudonyms=Pseudonyms(base.secrets.derive),
        once=backend.once,
        visits=backend.visits_reader,
        day=day.reader,
        events=day.hub,
        people=backend.people_reader,
        audit=ApiAudit(
            settings,
            backend.home,
            backend.audit_log,
            backend.audit_verification,
            base.checkpoint_seal,
        ),
        looks=backend.page_reader,
        enrolments=enrolments,
        consents=ApiConsents(settings, backend),
        check_ins=ApiCheckIns(backend.manual_check_ins, backend.undo),
        codes=ApiCodes(settings, issuing(backend), redeeming, attempts_of(backend), backend.clock),
        reviews=reviews,
        desk=desk,
        cameras=cameras,
        notices=notices,
    )


@dataclass(frozen=True, slots=True)
class ClinicApi:
    """The running service as the API knows it.

    Attributes:
        manifest: Of the model pack in use.
        redeeming: The service's own, which knows who is away.
        calibration: Knows whether the site has calibrated the pack.
        day: Finds and tells what is changed of it.
    """

    backend: Backend
    matcher: Matcher
    rules: ScoreRules
    manifest: Manifest
    reviews: ReviewDesk
    redeeming: Redeeming
    calibration: CalibrationKeeper
    day: DayEvents

    def resources(
        self, control: CameraControl, comparisons: DeskComparisons, stop: asyncio.Event
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
        )

    async def _notices(self) -> tuple[str, ...]:
        patients = self.backend.patients_list(self.matcher.pack_id)
        left = await patients.count_needing_enrolment(self.backend.clock.now())
        auto_arrive = self.backend.settings.match.auto_arrive
        return tuple(notices(self.manifest, auto_arrive, self.calibration.calibrated, left))
