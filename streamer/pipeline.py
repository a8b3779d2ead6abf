"""One camera: frame → faces → tracks → best shots → vote → identity → check-in.

`app` makes one per camera and injects the matcher, the gallery and the check-in service. Everything
a pipeline knows about a person is in memory, and ends with the track or seconds after it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from matcher.face import Embedding, Face, Image
from streamer.checkin.service import Sighting
from streamer.domain.frame import Frame
from streamer.domain.identity import Band, Candidate, Identity
from streamer.domain.track import Track
from streamer.gallery_keeper import CurrentGallery
from streamer.tracking.assignment import assign
from streamer.tracking.crop import crop_of
from streamer.tracking.evidence import Shot, TrackEvidence
from streamer.tracking.followed import Following
from streamer.tracking.lane import Point, face_in_lane
from streamer.tracking.reunion import LOST_S, returned
from streamer.tracking.tracker import Tracker, TrackerLimits
from streamer.tracking.voting import Search, Vote, VoteLimits, vote

log = structlog.get_logger(__name__)

# An identity holds for so long after the last face that agreed with its track.
_CONFIRMED_S = 2.0
# A face seen may be missed in the next frames, and its owner may stand still: so long all are sent.
_FOLLOWED_S = 3.0
# A review is over after ten minutes, and a window may close: who stays is proposed again.
_REPEAT_S = 60.0
# With no frame for so long nobody is followed any more, and nothing of them is kept.
_IDLE_S = 10.0


class FaceMatcher(Protocol):
    """Finds faces and makes vectors of them; batched over all cameras."""

    async def detect(self, image: Image) -> Sequence[Face]:
        """All faces of a picture."""
        ...

    async def embed(self, image: Image, faces: Sequence[Face]) -> Sequence[Embedding]:
        """One embedding per face, cut from the full-resolution picture."""
        ...

    async def liveness(self, image: Image, faces: Sequence[Face]) -> Sequence[float | None]:
        """How surely each face is a living one, 0 to 1; None where that cannot be asked."""
        ...


class FrameSource(Protocol):
    """Where a camera's frames come from."""

    async def get(self) -> Frame | None:
        """The latest frame not seen yet; None once the source is closed."""
        ...


class Proposals(Protocol):
    """What happens to an identity."""

    def propose(self, identity: Identity, sighting: Sighting) -> None:
        """Take it in, to be decided soon; harmless to repeat. Never waits."""
        ...

    def changes_at(self, patient_id: UUID, building: str) -> datetime | None:
        """When the latest decision about a patient there would change; None = not known to."""
        ...


class MatchCounts(Protocol):
    """Counts what a site's error rates are estimated from; nothing of anybody."""

    def searched(self, camera_id: str, gallery_size: int) -> None:
        """A track was compared with so many people for the first time."""
        ...

    def reached(self, camera_id: str, band: Band) -> None:
        """A track came into a band for the first time."""
        ...


@dataclass(frozen=True, slots=True)
class PipelineRules:
    """What one camera's pipeline holds to.

    Attributes:
        lane: Polygon in fractions; None = the camera sees nothing but the lane.
        shortcoming: Says what keeps a face from being compared, None where nothing does.
        max_gap_s: A track not seen for longer has ended.
        searches: Whether anybody is searched for; else faces are found, and none is embedded.
        best_shots: How many embeddings of a track are kept, in memory.
        other_person: Distance from a track's mean at which a face is somebody else's.
        asks_liveness: Whether the faces that are compared are also asked for being pictures.
    """

    camera_id: str
    building: str
    lane: tuple[Point, ...] | None
    shortcoming: Callable[[Face], str | None]
    vote: VoteLimits
    best_shots: int
    other_person: float
    max_gap_s: float
    searches: bool
    asks_liveness: bool = False


@dataclass(slots=True)
class _Person:
    """What is known about one live track."""

    evidence: TrackEvidence
    vote: Vote | None = None
    voted_on: int = -1
    counted: set[Band | None] = field(default_factory=set)
    proposed: tuple[UUID, Band, int] | None = None
    proposed_at: float = 0.0
    proposed_of: datetime | None = None


def longest_gap_s(analyse_fps: float) -> float:
    """For how long a track may be unseen: three frames at this pace, never less than a second."""
    return max(1.0, 3.0 / analyse_fps)


class CameraPipeline:
    """The stages of one camera, in order."""

    def __init__(
        self,
        rules: PipelineRules,
        matcher: FaceMatcher,
        gallery: Callable[[], CurrentGallery],
        proposals: Proposals,
        counts: MatchCounts,
        hold: Callable[[float], None] = lambda _seconds: None,
        shown: Callable[[Frame, Sequence[Face]], None] = lambda _frame, _faces: None,
        following: Following | None = None,
    ) -> None:
        """Keep the collaborators and start without tracks.

        Args:
            rules: What this camera holds to.
            matcher: Finds faces and makes vectors of them.
            gallery: The gallery of this moment.
            proposals: Takes the identities.
            counts: Counts tracks.
            hold: Asks the source of the frames to leave none out for so many seconds, even if
                nothing moves in them: whoever stands still goes on being seen.
            shown: Told of every picture with all faces found in it; for those who look at the
                camera without faces. Never waits.
            following: Told who is followed in every picture, while anybody looks.
        """
        self._rules = rules
        self._matcher = matcher
        self._gallery = gallery
        self._proposals = proposals
        self._counts = counts
        self._hold = hold
        self._shown = shown
        self._following = following
        self._tracker = Tracker(rules.camera_id, TrackerLimits(max_gap_s=rules.max_gap_s))
        self._people: dict[int, _Person] = {}

    def bridge(self, max_gap_s: float) -> None:
        """Follow people over other gaps from now on: the frames come at another pace."""
        self._tracker.max_gap_s = max_gap_s

    async def run(self, frames: FrameSource) -> None:
        """Process frames until the source is closed."""
        while True:
            try:
                async with asyncio.timeout(_IDLE_S):
                    frame = await frames.get()
            except TimeoutError:
                self._forget_everyone()
                continue
            if frame is None:
                return
            await self.process(frame)
            # The name would keep the picture's memory mapped while the next frame is waited for.
            del frame

    async def process(self, frame: Frame) -> tuple[Identity, ...]:
        """Take one frame through all stages; releases it.

        Returns:
            The identities established in this frame, for tests and displays.
        """
        gallery = self._gallery()
        try:
            faces = await self._matcher.detect(frame.image)
            self._shown(frame, faces)
            tracks = self._tracker.update(faces, frame.received_at)
            if tracks:
                self._hold(_FOLLOWED_S)
            tracks, changed = await self._collect(frame, tracks, gallery)
            self._forget_ended(frame.received_at)
            identities = self._identify(tracks, gallery, changed, frame.received_at)
            seen = {track.track_id: track.face for track in tracks}
            for identity in identities:
                self._propose(identity, seen[identity.track_id], frame, gallery)
            if self._following is not None and self._following.wanted:
                compared = {key for key, one in self._people.items() if None in one.counted}
                self._following.show(frame, tracks, compared, identities)
        finally:
            frame.release()
        return identities

    async def _collect(
        self, frame: Frame, tracks: tuple[Track, ...], gallery: CurrentGallery
    ) -> tuple[tuple[Track, ...], frozenset[int]]:
        """Embed the faces worth it.

        With nobody to recognise no face is embedded at all.

        Returns:
            The tracks, under new numbers where the person changed; and which gained a shot.
        """
        if gallery.search is None or not self._rules.searches:
            return tracks, frozenset()
        wanted = [track for track in tracks if self._wants(track, frame)]
        if not wanted:
            return tracks, frozenset()
        faces = [track.face for track in wanted]
        embeddings = await self._matcher.embed(frame.image, faces)
        alive: Sequence[float | None] = [None] * len(faces)
        if self._rules.asks_liveness:
            alive = await self._matcher.liveness(frame.image, faces)
        now = {track.track_id: track for track in tracks}
        changed = set()
        for track, embedding, lives in zip(wanted, embeddings, alive, strict=True):
            shot = Shot(embedding, frame.received_at, track.face.quality.figure, lives)
            seen, evidence = track, self._people[track.track_id].evidence
            if evidence.take(shot):
                seen = self._tracker.split(track)
                self._people[seen.track_id] = _Person(evidence.successor())
            seen = self._reunited(seen)
            now[track.track_id] = seen
            changed.add(seen.track_id)
        return tuple(now.values()), frozenset(changed)

    def _reunited(self, track: Track) -> Track:
        """The track that ended a moment ago, if this one shows the same person; else this one."""
        live = self._tracker.live_ids
        ended = {key: one.evidence for key, one in self._people.items() if key not in live}
        evidence = self._people[track.track_id].evidence
        before = returned(evidence, ended)
        if before is None:
            return track
        del self._people[track.track_id]
        self._people[before].evidence.join(evidence)
        return self._tracker.resume(track, before)

    def _wants(self, track: Track, frame: Frame) -> bool:
        """Is this face allowed to be embedded, good enough, and worth it?"""
        height, width = frame.image.shape[:2]
        if not face_in_lane(track.face, self._rules.lane, width, height):
            return False
        if self._rules.shortcoming(track.face) is not None:
            return False
        person = self._people.setdefault(
            track.track_id,
            _Person(TrackEvidence(self._rules.best_shots, self._rules.other_person)),
        )
        return person.evidence.wants(track.face.quality.figure, frame.received_at)

    def _identify(
        self,
        tracks: Sequence[Track],
        gallery: CurrentGallery,
        changed: frozenset[int],
        at: float,
    ) -> tuple[Identity, ...]:
        """Vote where there is something new to vote on, then settle who is who in this frame."""
        votes = {}
        for track in tracks:
            person = self._people.get(track.track_id)
            if person is None:
                continue
            if gallery.search is None:
                person.vote = None
            elif track.track_id in changed or person.voted_on != gallery.version:
                person.vote = self._vote(person, gallery.search, gallery.size)
            person.voted_on = gallery.version
            # Where no face could be compared for a while, nobody knows who stands there now.
            fresh = at - person.evidence.confirmed_at <= _CONFIRMED_S
            if person.vote is not None and fresh and not person.evidence.doubts:
                votes[track.track_id] = person.vote
        settled = assign(votes)
        for track_id, one in settled.items():
            self._count(self._people[track_id], one.band)
        return tuple(self._identity(key, one) for key, one in settled.items())

    def _vote(self, person: _Person, search: Search, size: int) -> Vote | None:
        """Vote anew; who was accepted stays so while the newest face still says the same.

        A person who goes on standing there in a worse light or pose is still the same person, and
        the track's own continuity says so; only the first acceptance asks for the higher score.
        Somebody else who comes into question since does end it: the gallery has changed.
        """
        shots, last = person.evidence.shots, person.vote
        if len(shots) >= self._rules.vote.min_agreeing_frames:
            self._count(person, None, size)
        fresh = vote(shots, search, size, self._rules.vote)
        if last is None or last.band is not Band.ACCEPT or not shots:
            return fresh
        if fresh is not None and (fresh.band is Band.ACCEPT or len(fresh.claims) > 1):
            return fresh
        newest = max(shots, key=lambda one: one.taken_at)
        (match,) = search.search([newest.embedding])
        if match is None or match.owner != last.owner:
            return fresh
        return last if match.distance <= self._rules.vote.frame_distance else fresh

    def _count(self, person: _Person, band: Band | None, size: int = 0) -> None:
        """Count a track once for being searched (None), and once for each band."""
        if band in person.counted:
            return
        person.counted.add(band)
        if band is None:
            self._counts.searched(self._rules.camera_id, size)
        else:
            self._counts.reached(self._rules.camera_id, band)

    def _identity(self, track_id: int, settled: Vote) -> Identity:
        return Identity(
            track_id=track_id,
            camera_id=self._rules.camera_id,
            patient_id=UUID(settled.owner),
            score=settled.claims[0].score,
            threshold=settled.threshold,
            margin=settled.margin,
            frames_agreeing=settled.frames_agreeing,
            pack_id=settled.pack_id,
            band=settled.band,
            candidates=tuple(Candidate(UUID(one.owner), one.score) for one in settled.claims),
            liveness=self._people[track_id].evidence.liveness,
        )

    def _propose(
        self, identity: Identity, face: Face, frame: Frame, gallery: CurrentGallery
    ) -> None:
        """Propose once a minute per track, patient, band and gallery.

        And at once when a window opens or closes: whoever stands there must not wait for the
        minute. A new gallery may hold a new appointment. Only on a frame whose own face was
        compared and agreed: what is written says that the patient was there at this frame's time,
        and the crop of this frame is what a person is shown.
        """
        person = self._people[identity.track_id]
        now = frame.received_at
        # A frame may be a moment older than the gallery that says a window is open.
        moment = max(frame.captured_at, gallery.as_of)
        key = (identity.patient_id, identity.band, gallery.version)
        repeated = (
            person.proposed == key
            and now - person.proposed_at < _REPEAT_S
            and not self._has_changed(identity, person.proposed_of, moment)
        )
        if repeated or person.evidence.confirmed_at != now:
            return
        crop = crop_of(frame.image, face)
        self._proposals.propose(identity, Sighting(self._rules.building, moment, crop))
        person.proposed, person.proposed_at, person.proposed_of = key, now, moment

    def _has_changed(self, identity: Identity, before: datetime | None, moment: datetime) -> bool:
        """Would what was decided of the sighting before be decided otherwise by now?"""
        at = self._proposals.changes_at(identity.patient_id, self._rules.building)
        return at is not None and before is not None and before < at <= moment

    def _forget_ended(self, at: float) -> None:
        live = self._tracker.live_ids
        self._people = {
            key: one
            for key, one in self._people.items()
            if key in live or at - one.evidence.confirmed_at <= LOST_S
        }
        for person in self._people.values():
            person.evidence.forget_old(at)

    def _forget_everyone(self) -> None:
        self._people.clear()
        self._tracker.forget()
