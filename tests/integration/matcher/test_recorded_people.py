"""Recorded people before one camera: each is found, and none is taken for another, however few."""

from collections.abc import Sequence

import numpy as np
import pytest

from config.settings import Match, Quality
from matcher.face import Embedding, Image, fuse
from matcher.gallery import Gallery
from matcher.matcher import Matcher
from matcher.packs.pack import Pack
from matcher.session import Hardware
from streamer.domain.identity import Band
from streamer.recognition import face_gate
from streamer.score_rules import ScoreRules, score_rules
from streamer.tracking.evidence import Shot
from streamer.tracking.voting import VoteLimits, vote
from tests.acceptance.people import ENROLLED_FROM, clips_by_person, decode

_SHOTS = 8


class Lobby:
    """Templates of the three, and shots of every clip that was not used for them."""

    def __init__(self, matcher: Matcher, rules: ScoreRules) -> None:
        self.rules = rules
        self.templates: dict[str, Embedding] = {}
        self.tracks: list[tuple[str, list[Shot]]] = []
        self._matcher = matcher
        self._gate = face_gate(Quality())

    async def fill(self) -> None:
        for person, clips in clips_by_person().items():
            stills: list[Embedding] = []
            for clip in clips:
                frames = decode(clip)
                if clip.stem in ENROLLED_FROM[person]:
                    stills += await self._faces(
                        [frames[len(frames) // 4], frames[len(frames) // 2]]
                    )
                else:
                    seen = await self._faces(frames[:: max(1, len(frames) // _SHOTS)])
                    self.tracks.append((person, [Shot(one, 0.0, 1.0) for one in seen]))
            self.templates[person] = fuse(stills)

    async def _faces(self, frames: Sequence[Image]) -> list[Embedding]:
        found: list[Embedding] = []
        for frame in frames:
            faces = [face for face in await self._matcher.detect(frame) if not self._gate(face)]
            # The first is the surest: the bystander at the border is not it.
            found += await self._matcher.embed(np.ascontiguousarray(frame), faces[:1])
        return found

    def band(self, shots: Sequence[Shot], *owners: str) -> tuple[str, Band] | None:
        templates = [(owner, self.templates[owner]) for owner in owners]
        gallery = Gallery(templates[0][1].pack_id, templates, self.rules.cohort)
        limits = VoteLimits(self.rules.thresholds, self.rules.scale.frame_distance, 3)
        taken = vote(shots, gallery, len(owners), limits)
        return (taken.owner, taken.band) if taken is not None else None


@pytest.fixture
async def lobby(pack: Pack) -> Lobby:
    clips_by_person()
    async with await Matcher.open(pack, Hardware("cpu", 1)) as matcher:
        made = Lobby(matcher, score_rules(pack, Match()))
        await made.fill()
        return made


async def test_everybody_is_found_and_nobody_is_another(lobby: Lobby) -> None:
    assert len(lobby.tracks) == 9
    for person, shots in lobby.tracks:
        assert lobby.band(shots, "A", "B", "C") == (person, Band.ACCEPT)
        for few in (3, _SHOTS):
            # In `bird` a hand before the mouth hides who it is from three faces alone.
            assert lobby.band(shots[:few], "A", "B", "C") in (None, (person, Band.ACCEPT))
            for other in {"A", "B", "C"} - {person}:
                # Not even in a gallery of one, where everybody's nearest is that one.
                assert lobby.band(shots[:few], other) is None
