"""Makes what runs one camera, by its kind. Made by `service_parts`; the set of cameras calls it."""

from concurrent.futures import Executor
from functools import partial

from config.settings import Camera, Settings
from matcher.matcher import Matcher
from matcher.packs.score_scale import ScoreScale
from streamer.calibration_keeper import CalibrationKeeper
from streamer.cameras.camera_set import Note
from streamer.cameras.frame_tap import FrameTap
from streamer.cameras.reference_keeper import ReferenceKeeper
from streamer.cameras.running_camera import RunningCamera
from streamer.cameras.track_tap import TrackTap
from streamer.checkin.codes.qr_picture import read_qr
from streamer.checkin.codes.redeeming import Redeeming
from streamer.checkin.service import CheckInService
from streamer.clock import Clock
from streamer.code_counters import kiosk_device
from streamer.desk_pipeline import DeskPipeline
from streamer.gallery_keeper import GalleryKeeper
from streamer.ingest.hardware_probe import HardwareProbe
from streamer.ingest.live_view import LiveView
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.supervisor import CameraSupervisor
from streamer.kiosk_pipeline import KioskPipeline
from streamer.match_recorder import MatchRecorder
from streamer.pipeline import CameraPipeline
from streamer.service_rules import pipeline_rules


class CameraMaker:
    """What all cameras share, and what is made of it for each."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        matcher: Matcher,
        scale: ScoreScale,
        calibration: CalibrationKeeper,
        keeper: GalleryKeeper,
        service: CheckInService,
        counts: MatchRecorder,
        references: ReferenceKeeper,
        hardware: HardwareProbe,
        codes: Redeeming,
        threads: Executor,
        remarks: tuple[str, ...],
    ) -> None:
        """Keep what is shared.

        Args:
            settings: How frames and scores are judged.
            clock: The time of frames.
            matcher: Looks at faces.
            scale: What its scores mean.
            calibration: What they mean at this site.
            keeper: Has the gallery.
            service: Decides about proposals.
            counts: Counts searches.
            references: What cameras looked like before.
            hardware: Finds out what decodes.
            codes: Redeems what a kiosk reads.
            threads: Read codes out of pictures.
            remarks: What each camera's state says besides.
        """
        self._settings = settings
        self._clock = clock
        self._matcher = matcher
        self._scale = scale
        self._calibration = calibration
        self._keeper = keeper
        self._service = service
        self._counts = counts
        self._references = references
        self._hardware = hardware
        self._codes = codes
        self._threads = threads
        self._remarks = remarks

    def make(self, camera: Camera, note: Note) -> RunningCamera:
        """Make what runs one camera; `note` hears of its states."""
        mailbox = LatestFrameMailbox()
        view = LiveView(camera, self._clock)
        shown = FrameTap()
        unseen = partial(shown.seen, faces=None)
        supervisor = CameraSupervisor(
            camera,
            self._clock,
            mailbox,
            note,
            remarks=self._remarks,
            tap=view.tap,
            reference=self._references.recall(camera),
            on_reference=partial(self._references.remember, camera),
            find_hardware=self._hardware.find,
        )
        if camera.kind == "kiosk":
            # No matcher, no gallery: nobody's face can be looked for here.
            kiosk = KioskPipeline(
                kiosk_device(camera), read_qr, self._threads, self._codes, self._clock, unseen
            )
            return RunningCamera(supervisor, mailbox, kiosk, view, shown)
        rules = pipeline_rules(self._settings, camera, self._scale, self._calibration)
        if not rules.searches:
            desk = DeskPipeline(rules, self._matcher, supervisor.hold, unseen)
            return RunningCamera(supervisor, mailbox, desk, view, shown)
        followed = TrackTap(lambda patient: self._service.standing(patient, camera.building))
        pipeline = CameraPipeline(
            rules,
            self._matcher,
            lambda: self._keeper.current,
            self._service,
            self._counts,
            supervisor.hold,
            shown.seen,
            followed,
        )
        return RunningCamera(supervisor, mailbox, pipeline, view, shown, followed)
