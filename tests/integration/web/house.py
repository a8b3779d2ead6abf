"""A polyclinic behind the API: real stores, review desk and camera control, a fake matcher."""

import io
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import numpy as np
from PIL import Image
from pydantic import SecretStr

from config.settings import Camera, Codes, Settings, Site, Staff
from matcher.face import Embedding, Face, Match
from matcher.face import Image as Pixels
from streamer.api.camera_tests import ApiCameraTests
from streamer.api.cameras import ApiCameras
from streamer.api.clinic import clinic_resources, installation_of
from streamer.api.day_events import DayEvents, day_events
from streamer.api.enrolments import ApiEnrolments
from streamer.api.notices import ApiNotices
from streamer.api.reports import ApiReports
from streamer.api.reviews import ApiReviews
from streamer.api.state import Running
from streamer.background import Background
from streamer.cameras.camera_control import CameraControl
from streamer.cameras.camera_set import CameraSet
from streamer.cameras.load_governor import LoadGovernor
from streamer.cameras.load_watch import LoadWatch
from streamer.cameras.overlay_file import OverlayFile
from streamer.checkin.rejections import Rejections
from streamer.checkin.review_desk import ReviewDesk
from streamer.checkin.review_queue import ReviewQueue
from streamer.clock import Clock
from streamer.code_counters import redeeming
from streamer.domain.actor import Actor
from streamer.domain.comparison import ComparisonOutcome
from streamer.domain.decision import Reason
from streamer.domain.desk_report import DeskReport
from streamer.domain.identity import Band
from streamer.domain.remark import Remark
from streamer.domain.review import Review, ReviewCandidate
from streamer.domain.role import Role
from streamer.ingest.camera_url import CameraUrl
from streamer.ingest.probe import Probed
from streamer.ingest.stream_info import StreamInfo
from streamer.jobs.job_scheduler import JobScheduler
from streamer.patients.enrolment import Enrolment, EnrolmentRules
from streamer.reporting.runs import ReportRuns
from streamer.service_rules import arrival_policy
from streamer.site_jobs import site_jobs
from streamer.storage.audit_log import AuditLog
from streamer.web.application import create_application
from streamer.web_service import web_parts
from tests.fakes.clock import UnhurriedClock, WaitingClock
from tests.fakes.matcher import FakeMatcher, face_at
from tests.fakes.running_camera import fake_running
from tests.integration.cameras.service import Journal
from tests.integration.storage.clinic import PACK, SITE, ZONE, Clinic
from tests.integration.web.clinic_backend import clinic_backend
from tests.integration.web.served import ServedApi, quick, served

URL = SecretStr("rtsp://viewer:geheim@10.0.0.5/1")


def settings() -> Settings:
    return Settings(
        site=Site(
            id=SITE.id,
            name=SITE.name,
            time_zone=SITE.time_zone,
            buildings=("main",),
            opening_hours={"mon-sat": "08:00-18:00"},
        ),
        staff=Staff(practitioners={"doctor": "D-1"}),
        codes=Codes(devices={"desk-1": "main"}),
        cameras=(Camera(id="lobby-1", url=URL), Camera(id="desk-1", kind="desk", url=URL)),
    )


class Album:
    """A matcher for which the brightness of a photo is who stands in it."""

    def __init__(self) -> None:
        self._matcher = FakeMatcher()

    async def detect(self, image: Pixels) -> list[Face]:
        person = int(image[0, 0, 0]) // 10
        self._matcher.noise += 0.05
        self._matcher.show(*([(face_at(10.0, width=120.0), person)] if person else []))
        return self._matcher.faces

    async def embed_thoroughly(self, image: Pixels, face: Face) -> Embedding:
        (embedding,) = await self._matcher.embed(image, [face])
        return embedding


class FakeDesk:
    """A desk camera before which nobody stands."""

    async def compare(self, patient_ref: str, camera_id: str, by: Actor) -> DeskReport:
        return DeskReport(
            patient_ref, camera_id, ComparisonOutcome.NO_FACE, None, (), (), 0.5, None, 0, "", 10.0
        )


class House:
    """What a test does with it."""

    def __init__(
        self,
        api: ServedApi,
        clinic: Clinic,
        queue: ReviewQueue,
        jobs: JobScheduler,
        day: DayEvents,
    ) -> None:
        self.api = api
        self.clinic = clinic
        self.queue = queue
        self.jobs = jobs
        self.day = day

    async def as_role(
        self,
        *roles: Role,
        account: str = "aigul",
        practitioner_refs: Iterable[str] = (),
        cameras: Iterable[str] | None = None,
    ) -> httpx.AsyncClient:
        return await self.api.as_role(
            *roles, account=account, practitioner_refs=practitioner_refs, cameras=cameras
        )

    async def waiting(self, number: int, camera_id: str = "lobby-1") -> UUID:
        """A review of the patient with this number; its id."""
        appointment_id, patient_id = await self.clinic.ids(number)
        now = self.clinic.clock.now()
        review = Review(
            uuid4(),
            now,
            now,
            camera_id,
            number,
            "main",
            Reason.NOT_CALIBRATED,
            Band.ACCEPT,
            4.0,
            PACK,
            (ReviewCandidate(patient_id, 4.5, (appointment_id,)),),
            np.full((64, 64, 3), 90, dtype=np.uint8),
        )
        assert self.queue.put(review)
        return review.review_id

    async def audited(self, kind: str) -> int:
        row = await self.clinic.row("SELECT count(*) FROM audit_events WHERE kind = $1", kind)
        return int(row[0])


def photo(person: int) -> bytes:
    """A grey picture of somebody (`Album`), as a PNG."""
    held = io.BytesIO()
    Image.fromarray(np.full((200, 200, 3), 10 * person + 5, dtype=np.uint8)).save(held, "PNG")
    return held.getvalue()


def _compare(probe: Embedding, template: Embedding) -> Match:
    distance = float(np.linalg.norm(probe.vector - template.vector))
    return Match("", distance, -distance, float("inf"), None)


def _cameras(held: Settings, home: Path, log: AuditLog, clock: Clock) -> CameraControl:
    made = CameraSet(
        lambda camera, note: fake_running(camera, clock), Journal(), Background(), clock
    )
    watch = LoadWatch(made, LoadGovernor(), clock)
    return CameraControl(held, made, watch, OverlayFile(home), None, log, Actor, clock)


def _look(camera: CameraUrl, *_: object, picture_format: str | None, **__: object) -> Probed:
    """A camera that is there, and before which nobody stands."""
    info = StreamInfo("h264", "High", 64, 48, "yuv420p", False, 0.4, 15.0, 15, 1.0, 800_000)
    return Probed(info, picture=np.zeros((48, 64, 3), dtype=np.uint8) if picture_format else None)


@asynccontextmanager
async def opened(clinic: Clinic, home: Path) -> AsyncIterator[House]:
    """Serve a clinic until the end of the block."""
    held, clock = settings(), clinic.clock
    backend = clinic_backend(clinic.database, held, clinic.schedules(), clock, home)
    queue = ReviewQueue()
    stores = (backend.reviews, backend.waiting_reviews)
    policy = arrival_policy(held)
    desk = ReviewDesk(SITE.id, queue, Rejections(ZONE), *stores, policy, clock, backend.undo)
    enrolment = Enrolment(
        Album(), lambda face: None, EnrolmentRules(100.0, 0.6, 0.33), backend.enrolments, _compare
    )
    control = _cameras(held, home, backend.audit_log, clock)
    await control.begin()
    jobs = site_jobs(backend)

    async def notices() -> tuple[Remark, ...]:
        text = "every face match waits for a person"
        return (Remark("not_calibrated", text, {"pack": "open"}),)

    day = day_events(replace(backend, clock=WaitingClock(clock)))
    await day.follower.begin()
    resources = clinic_resources(
        backend,
        "fake-1",
        redeeming(backend),
        day=day,
        enrolments=ApiEnrolments(enrolment, backend.schedules, ZONE, clock),
        reviews=ApiReviews(desk),
        desk=FakeDesk(),
        cameras=ApiCameras(control),
        camera_tests=ApiCameraTests(
            lambda: control.in_force()[0], Album(), backend.audit_log, clock, _look
        ),
        notices=ApiNotices(notices),
        reports=ApiReports(backend, ReportRuns(backend)),
        installation=installation_of(
            backend,
            jobs,
            Running("cpu", None, None, lambda: 0, lambda: len(queue.waiting())),
            control.in_force,
            quick(backend),
        ),
    )
    at_the_door = replace(backend, clock=UnhurriedClock(clock))
    async with web_parts(at_the_door, quick(backend)) as parts:
        application = create_application(replace(parts, resources=resources))
        async with served(application, backend) as api:
            yield House(api, clinic, queue, jobs, day)
