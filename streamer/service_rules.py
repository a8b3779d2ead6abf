"""What the settings mean for the parts that `app` makes: rules, policies, galleries.

Called by `app`, and by benchmarks and tests that run a part as the service does.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from config.settings import Camera, Settings
from matcher.cohort import Cohort
from matcher.face import Embedding
from matcher.gallery import Gallery
from matcher.liveness import DOUBTFUL_BELOW
from matcher.packs.score_scale import ScoreScale
from streamer.checkin.decision import ArrivalPolicy, AutoArrive
from streamer.domain.template import Template
from streamer.gallery_keeper import Build
from streamer.pipeline import PipelineRules, longest_gap_s
from streamer.recognition import face_gate
from streamer.tracking.voting import Search, Thresholds, VoteLimits
from streamer.windows import presence_window


def pipeline_rules(
    settings: Settings, camera: Camera, scale: ScoreScale, thresholds: Thresholds
) -> PipelineRules:
    """What one camera's pipeline holds to."""
    # In mode lobby people are searched for in the whole picture, whatever lanes are drawn.
    mode, in_lobby = settings.recognition.mode, camera.kind == "lobby"
    lane = None if mode == "lobby" and in_lobby else camera.lane
    return PipelineRules(
        camera_id=camera.id,
        building=camera.building,
        lane=lane,
        shortcoming=face_gate(settings.quality),
        vote=VoteLimits(
            thresholds=thresholds,
            frame_distance=scale.frame_distance,
            min_agreeing_frames=settings.match.min_agreeing_frames,
        ),
        best_shots=settings.match.best_shots,
        other_person=scale.other_person_distance,
        max_gap_s=longest_gap_s(camera.analyse_fps),
        searches=mode != "desk" and in_lobby,
        asks_liveness=settings.recognition.liveness != "off",
    )


def arrival_policy(settings: Settings) -> ArrivalPolicy:
    """When a recognised patient counts as arrived."""
    return ArrivalPolicy(
        opens_before=timedelta(minutes=settings.arrival.opens_before_min),
        closes_after=timedelta(minutes=settings.arrival.closes_after_min),
        auto_arrive=AutoArrive(settings.match.auto_arrive),
        min_liveness=DOUBTFUL_BELOW if settings.recognition.liveness == "review" else None,
        presence=presence_window(settings),
    )


def gallery_builder(pack_id: str, cohort: Cohort | None) -> Build:
    """Make searchable galleries of one pack's templates, each of the one before."""

    def build(before: Search | None, left: Collection[UUID], entered: Sequence[Template]) -> Search:
        new = [(str(one.patient_id), Embedding(one.vector, one.pack_id)) for one in entered]
        if not isinstance(before, Gallery):
            return Gallery(pack_id, new, cohort)
        return before.changed([str(one) for one in left], new)

    return build
