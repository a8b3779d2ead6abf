"""A recorded person before the desk camera, with the real models: the patient or not, 1:1."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from config.settings import Camera, Match, Settings, Site
from matcher.face import Embedding, Image, fuse
from matcher.gallery import Gallery
from matcher.matcher import Matcher
from matcher.packs.pack import Pack
from matcher.session import Hardware
from streamer.desk_pipeline import Asked, DeskPipeline
from streamer.domain.comparison import Comparison, ComparisonOutcome
from streamer.domain.frame import Frame
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.recognition import FAINT
from streamer.score_rules import ScoreRules, score_rules
from streamer.service_rules import pipeline_rules
from tests.acceptance.people import ENROLLED_FROM, clips_by_person, decode, unseen_clips

SETTINGS = Settings(site=Site(id="test-1", name="Test"))
CAMERA = Camera.model_validate({"id": "desk-1", "url": "rtsp://10.0.0.5/1", "kind": "desk"})
FPS = 5


async def template(matcher: Matcher, rules: ScoreRules, person: str) -> Gallery:
    """The person's own gallery, of the two clips that the camera never sees."""
    stills: list[Embedding] = []
    for clip in clips_by_person()[person]:
        if clip.stem in ENROLLED_FROM[person]:
            frames = decode(clip)
            picture = np.ascontiguousarray(frames[len(frames) // 2])
            stills += await matcher.embed(picture, (await matcher.detect(picture))[:1])
    return Gallery(matcher.pack_id, [(person, fuse(stills))], rules.cohort)


async def stand(
    matcher: Matcher, rules: ScoreRules, asked: Asked, frames: Sequence[Image]
) -> Comparison:
    """Have somebody stand before the camera, clip after clip, until there is an answer."""
    desk = DeskPipeline(pipeline_rules(SETTINGS, CAMERA, rules.scale, rules.thresholds), matcher)
    mailbox = LatestFrameMailbox()
    running = asyncio.create_task(desk.run(mailbox))
    await asyncio.sleep(0)
    comparing = asyncio.create_task(desk.compare(asked, asyncio.Event(), seconds=60))
    for number in range(12):
        if comparing.done():
            break
        gone = asyncio.Event()
        at = number / FPS
        mailbox.put(
            Frame(
                "desk-1",
                number,
                datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=at),
                at,
                at,
                np.ascontiguousarray(frames[number % len(frames)]),
                gone.set,
            )
        )
        await asyncio.wait_for(gone.wait(), 30)
    # The camera goes away: whoever has not been recognised by now has not been recognised.
    mailbox.close()
    await running
    return await comparing


async def test_the_patient_matches_and_nobody_else_does(pack: Pack) -> None:
    clip = unseen_clips("A")[0]
    frames = decode(clip)
    every = max(1, len(frames) // 8)
    async with await Matcher.open(pack, Hardware("cpu", 1), min_score=FAINT) as matcher:
        rules = score_rules(pack, Match())
        found = {
            person: await stand(
                matcher,
                rules,
                Asked(await template(matcher, rules, person), pack.pack_id),
                frames[::every],
            )
            for person in ("A", "B")
        }
    assert found["A"].outcome is ComparisonOutcome.MATCHED
    assert found["A"].score is not None
    assert found["A"].score >= found["A"].threshold
    assert found["B"].outcome is ComparisonOutcome.ENDED
    # Not one face came near enough to name B.
    assert (found["B"].score, found["B"].frames_agreeing) == (None, 0)
