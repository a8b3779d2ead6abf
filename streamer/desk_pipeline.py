"""A camera that compares only: frame → faces in the lane → one track → vote on one patient, 1:1.

`app` makes one for each camera of kind `desk`, and for every camera in recognition mode `desk`.
While nobody is asked about, frames are let go of unseen: no face is found, none is embedded.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from matcher.face import Face
from streamer.domain.comparison import Comparison, ComparisonOutcome
from streamer.domain.frame import Frame
from streamer.domain.identity import Band
from streamer.domain.track import Track
from streamer.errors import InputError
from streamer.pipeline import FaceMatcher, FrameSource, PipelineRules
from streamer.tracking.evidence import Shot, TrackEvidence
from streamer.tracking.lane import face_in_lane
from streamer.tracking.tracker import Tracker, TrackerLimits
from streamer.tracking.voting import LEAST_GALLERY, Search, Vote, vote

LONGEST_S: Final = 10.0
"""For so long a camera looks; who is not recognised by then is checked in otherwise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a camera is to compare with.

    Attributes:
        template: A gallery of this patient alone.
        min_liveness: Faces that may more likely be pictures do not match; None = none is refused.
    """

    template: Search
    pack_id: str
    min_liveness: float | None = None


@dataclass(slots=True)
class _Looking:
    """One comparison in progress: everything that is known about whoever stands there."""

    asked: Asked
    tracker: Tracker
    ended: asyncio.Future[Comparison]
    people: dict[int, TrackEvidence] = field(default_factory=dict)
    best: Vote | None = None
    frames: int = 0
    alone: int = 0
    several: int = 0
    compared: bool = False
    doubtful: float | None = None
    shortcoming: str = ""


class DeskPipeline:
    """One camera; one comparison at a time. All methods belong to the event loop's thread."""

    def __init__(
        self,
        rules: PipelineRules,
        matcher: FaceMatcher,
        hold: Callable[[float], None] = lambda _seconds: None,
        shown: Callable[[Frame], None] = lambda _frame: None,
    ) -> None:
        """Keep the collaborators; nobody is looked at.

        Args:
            rules: What this camera holds to; `searches` means nothing here.
            matcher: Finds faces and makes vectors of them.
            hold: Asks the source of the frames to leave none out for so many seconds.
            shown: Told of every picture, in which nobody has looked for faces.
        """
        self._rules = rules
        self._matcher = matcher
        self._hold = hold
        self._shown = shown
        self._max_gap_s = rules.max_gap_s
        self._looking: _Looking | None = None
        self._running = False

    @property
    def building(self) -> str:
        """Where the camera stands."""
        return self._rules.building

    def refuse_if_busy(self) -> None:
        """Raise InputError while a comparison is under way."""
        if self._looking is not None:
            raise InputError(
                f"camera {self._rules.camera_id}: another comparison is under way there; wait "
                "until it is over",
                code="camera_busy",
            )

    def bridge(self, max_gap_s: float) -> None:
        """Follow people over other gaps from now on: the frames come at another pace."""
        self._max_gap_s = max_gap_s
        if self._looking is not None:
            self._looking.tracker.max_gap_s = max_gap_s

    async def compare(
        self, asked: Asked, stop: asyncio.Event, seconds: float = LONGEST_S
    ) -> Comparison:
        """Look for so long whether it is this patient who stands before the camera.

        Ends as soon as it is; cancelling it ends it at once. Whatever was learned of whoever stood
        there is let go of then.

        Args:
            asked: The patient.
            stop: Set when the service stops: ends it at once.
            seconds: The longest it looks.

        Raises:
            InputError: Another comparison is under way here.
        """
        self.refuse_if_busy()
        looking = _Looking(
            asked,
            Tracker(self._rules.camera_id, TrackerLimits(max_gap_s=self._max_gap_s)),
            asyncio.get_running_loop().create_future(),
        )
        stopping = asyncio.create_task(stop.wait())
        self._looking = looking
        try:
            if not self._running or stop.is_set():
                return self._result(looking, ComparisonOutcome.ENDED)
            self._hold(seconds)
            waits: set[asyncio.Future[Comparison] | asyncio.Task[bool]] = {looking.ended, stopping}
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if looking.ended.done():
                return looking.ended.result()
            if stopping.done():
                return self._result(looking, ComparisonOutcome.ENDED)
            return self._result(looking, _outcome(looking))
        finally:
            stopping.cancel()
            looking.ended.cancel()
            looking.people.clear()
            self._looking = None

    async def run(self, frames: FrameSource) -> None:
        """Take frames until the source is closed; a comparison under way ends with it."""
        self._running = True
        try:
            while (frame := await frames.get()) is not None:
                await self.process(frame)
                # The name would keep the picture's memory mapped while the next one is waited for.
                del frame
        finally:
            self._running = False
            if self._looking is not None:
                self._end(self._looking, ComparisonOutcome.ENDED)

    async def process(self, frame: Frame) -> None:
        """Compare whoever stands alone in the lane, if anybody is asked about; releases it."""
        looking = self._looking
        try:
            self._shown(frame)
            if looking is not None:
                await self._look(frame, looking)
        finally:
            frame.release()

    async def _look(self, frame: Frame, looking: _Looking) -> None:
        looking.frames += 1
        faces = await self._matcher.detect(frame.image)
        # The comparison may be over by now: then nobody is embedded any more.
        if looking.ended.done():
            return
        alone = self._alone(frame, faces, looking)
        tracks = looking.tracker.update(faces, frame.received_at)
        track = next((one for one in tracks if one.face is alone), None)
        if track is None:
            return
        evidence = looking.people.setdefault(
            track.track_id,
            TrackEvidence(self._rules.best_shots, self._rules.other_person),
        )
        if not evidence.wants(track.face.quality.figure, frame.received_at):
            return
        (embedding,) = await self._matcher.embed(frame.image, [track.face])
        lives: float | None = None
        if self._rules.asks_liveness:
            (lives,) = await self._matcher.liveness(frame.image, [track.face])
        if looking.ended.done():
            return
        looking.compared = True
        shot = Shot(embedding, frame.received_at, track.face.quality.figure, lives)
        self._vote(frame, looking, track, shot)

    def _alone(self, frame: Frame, faces: Sequence[Face], looking: _Looking) -> Face | None:
        """The one face in the lane that can be compared; None where there is none, or more."""
        height, width = frame.image.shape[:2]
        inside = [one for one in faces if face_in_lane(one, self._rules.lane, width, height)]
        shortcomings = [(one, self._rules.shortcoming(one)) for one in inside]
        good = [one for one, lacks in shortcomings if lacks is None]
        looking.alone += len(good) == 1
        looking.several += len(good) > 1
        if inside:
            looking.shortcoming = "" if good else shortcomings[0][1] or ""
        return good[0] if len(good) == 1 else None

    def _vote(self, frame: Frame, looking: _Looking, track: Track, shot: Shot) -> None:
        evidence = looking.people[track.track_id]
        if evidence.take(shot):
            track = looking.tracker.split(track)
            evidence = evidence.successor()
            looking.people[track.track_id] = evidence
        found = vote(evidence.shots, looking.asked.template, 1, self._rules.vote)
        if found is None:
            return
        if looking.best is None or found.claims[0].score >= looking.best.claims[0].score:
            looking.best = found
        agreed = evidence.confirmed_at == frame.received_at and not evidence.doubts
        if found.band is not Band.ACCEPT or not agreed:
            return
        least, lives = looking.asked.min_liveness, evidence.liveness
        if least is not None and lives is not None and lives < least:
            looking.doubtful = lives
            return
        looking.best = found
        result = self._result(looking, ComparisonOutcome.MATCHED, frame, lives)
        looking.ended.set_result(result)

    def _end(self, looking: _Looking, outcome: ComparisonOutcome) -> None:
        if not looking.ended.done():
            looking.ended.set_result(self._result(looking, outcome))

    def _result(
        self,
        looking: _Looking,
        outcome: ComparisonOutcome,
        frame: Frame | None = None,
        liveness: float | None = None,
    ) -> Comparison:
        best = looking.best
        return Comparison(
            outcome=outcome,
            pack_id=looking.asked.pack_id,
            threshold=self._rules.vote.thresholds.accept(LEAST_GALLERY),
            score=None if best is None else best.claims[0].score,
            frames_agreeing=0 if best is None else best.frames_agreeing,
            captured_at=None if frame is None else frame.captured_at,
            liveness=looking.doubtful if liveness is None else liveness,
            shortcoming=looking.shortcoming,
        )


def _outcome(looking: _Looking) -> ComparisonOutcome:
    """What to say once the time is over."""
    if not looking.frames:
        return ComparisonOutcome.NO_PICTURE
    if looking.doubtful is not None:
        return ComparisonOutcome.LIVENESS_DOUBT
    if looking.several > looking.alone:
        return ComparisonOutcome.SEVERAL_PEOPLE
    return ComparisonOutcome.NOT_MATCHED if looking.compared else ComparisonOutcome.NO_FACE
