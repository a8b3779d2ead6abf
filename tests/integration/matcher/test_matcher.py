import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from matcher.alignment import align
from matcher.detector import Detector
from matcher.embedder import Embedder
from matcher.errors import MatcherClosedError, MatcherError, ModelPackError
from matcher.face import Face, Image, Quality
from matcher.matcher import Matcher
from matcher.packs.pack import DETECTOR, Pack
from matcher.packs.store import build_pack
from matcher.prepared import Prepared
from matcher.session import Session
from tests.integration.matcher.conftest import CPU

BLACK = np.zeros((64, 64, 3), np.uint8)


@pytest.fixture
async def matcher(pack: Pack) -> AsyncIterator[Matcher]:
    async with await Matcher.open(pack, CPU) as opened:
        yield opened


class SlowDetector(Detector):
    """Takes its time over a picture, outside of the session."""

    begun = threading.Event()
    ended = threading.Event()

    def prepare(self, image: Image) -> Prepared:
        self.begun.set()
        time.sleep(0.3)
        prepared = super().prepare(image)
        self.ended.set()
        return prepared


async def test_agrees_with_its_parts(
    matcher: Matcher, detector: Detector, embedder: Embedder, group_photo: Image
) -> None:
    group_photo = group_photo.copy()
    group_photo.setflags(write=False)
    faces = await matcher.detect(group_photo)
    (expected,) = detector.detect([group_photo])
    assert [face.bbox for face in faces] == [face.bbox for face in expected]
    assert [face.quality for face in faces] == [face.quality for face in expected]
    embeddings = await matcher.embed(group_photo, faces)
    chips = np.stack([align(group_photo, face.landmarks) for face in faces])
    for ours, theirs in zip(embeddings, embedder.embed(chips), strict=True):
        assert np.allclose(ours.vector, theirs.vector, atol=1e-5)
    assert matcher.pack_id == embeddings[0].pack_id == "open-1"
    assert matcher.device == "cpu"


async def test_many_cameras_at_once_get_their_own_answers(
    matcher: Matcher, group_photo: Image
) -> None:
    pictures = [np.ascontiguousarray(group_photo[:, : 1280 - 130 * i]) for i in range(6)]
    alone = [len(await matcher.detect(picture)) for picture in pictures]
    together = await asyncio.gather(*(matcher.detect(p) for p in pictures for _ in range(2)))
    assert [len(faces) for faces in together] == [count for count in alone for _ in range(2)]
    assert len(set(alone)) > 1


async def test_the_loop_stays_free(matcher: Matcher, group_photo: Image) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    for _ in range(5):
        await matcher.embed(group_photo, await matcher.detect(group_photo))
    ticking.cancel()
    assert ticks > 20


async def test_no_faces_no_work(matcher: Matcher) -> None:
    assert list(await matcher.detect(np.zeros((1, 1, 3), np.uint8))) == []
    assert list(await matcher.embed(BLACK, ())) == []


async def test_bad_input_spares_the_others(matcher: Matcher, group_photo: Image) -> None:
    spot = Face((0, 0, 9, 9), np.zeros((5, 2), np.float32), 0.9, Quality(9, 9, 9))
    results = await asyncio.gather(
        matcher.detect(group_photo),
        matcher.detect(np.zeros((5, 5), np.uint8)),
        matcher.embed(BLACK, [spot]),
        return_exceptions=True,
    )
    faces, *errors = results
    assert not isinstance(faces, BaseException)
    assert len(faces) == 6
    assert all(type(error) is MatcherError for error in errors)


async def test_closing_ends_every_wait(pack: Pack, group_photo: Image) -> None:
    matcher = await Matcher.open(pack, CPU)
    waiting = [asyncio.create_task(matcher.detect(group_photo)) for _ in range(60)]
    await asyncio.sleep(0.05)
    await asyncio.wait_for(matcher.close(), 10)
    results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    errors = [result for result in results if isinstance(result, BaseException)]
    assert errors
    assert all(isinstance(error, MatcherClosedError) for error in errors)
    with pytest.raises(MatcherClosedError):
        await matcher.detect(BLACK)
    assert not [t for t in threading.enumerate() if t.name.startswith("matcher-")]


async def test_cancelling_returns_when_the_picture_is_no_longer_read(pack: Pack) -> None:
    """The caller unmaps the picture's memory right after; a thread still reading it would crash."""
    slow = SlowDetector(Session.open(pack.read(DETECTOR), "d", CPU))
    matcher = Matcher(slow, Embedder(slow._session, "x"), "x", "cpu")
    task = asyncio.create_task(matcher.detect(BLACK))
    assert await asyncio.to_thread(SlowDetector.begun.wait, 5)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert SlowDetector.ended.is_set()
    await matcher.close()


async def test_a_file_damaged_after_opening_is_not_loaded(tmp_path: Path) -> None:
    pack = build_pack(tmp_path)
    path = pack.folder / DETECTOR
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelPackError, match=r"detector\.onnx: damaged"):
        await Matcher.open(pack, CPU)


async def test_a_template_is_the_mean_of_several_crops(
    matcher: Matcher, group_photo: Image
) -> None:
    face = (await matcher.detect(group_photo))[0]
    (plain,) = await matcher.embed(group_photo, [face])
    thorough = await matcher.embed_thoroughly(group_photo, face)
    assert thorough.pack_id == plain.pack_id
    assert 0.01 < np.linalg.norm(thorough.vector - plain.vector) < 0.25
