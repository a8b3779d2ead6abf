"""A camera that compares only when somebody is asked about, and with nobody else."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from matcher.face import Face, Image
from streamer.desk_pipeline import Asked, DeskPipeline
from streamer.domain.comparison import Comparison, ComparisonOutcome
from streamer.domain.frame import Frame
from streamer.errors import InputError
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.pipeline import PipelineRules
from streamer.tracking.fixed_thresholds import FixedThresholds
from streamer.tracking.voting import LEAST_GALLERY, VoteLimits
from tests.fakes.matcher import PACK, FakeGallery, FakeMatcher, face_at

ANNA = str(UUID(int=1))
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
BEGAN = datetime(2026, 11, 23, tzinfo=UTC)
MATCHED = ComparisonOutcome.MATCHED


class Asking(FixedThresholds):
    """Remembers for how many people thresholds were asked."""

    def accept(self, gallery_size: int) -> float:
        assert gallery_size == LEAST_GALLERY
        return super().accept(gallery_size)


class Desk:
    """A desk camera whose pipeline runs, and frames put before it by hand."""

    def __init__(
        self, *, lane: tuple[tuple[float, float], ...] | None = None, asks_liveness: bool = False
    ) -> None:
        self.matcher = FakeMatcher()
        self.released = 0
        self.stop = asyncio.Event()
        self.holds: list[float] = []
        self.mailbox = LatestFrameMailbox()
        self._sequence = 0
        rules = PipelineRules(
            camera_id="desk-1",
            building="main",
            lane=lane,
            shortcoming=lambda face: "too_small" if face.quality.width_px < 48 else None,
            vote=VoteLimits(Asking(0.33, 0.05), 0.5, 3),
            best_shots=8,
            other_person=0.5,
            max_gap_s=1.0,
            searches=False,
            asks_liveness=asks_liveness,
        )
        self.pipeline = DeskPipeline(rules, self.matcher, self.holds.append)
        self.task = asyncio.create_task(self.pipeline.run(self.mailbox))

    async def frame(self, *seen: tuple[Face, int]) -> None:
        """Have the pipeline take a frame in."""
        self.matcher.show(*seen)
        self._sequence += 1
        at, before = 0.2 * self._sequence, self.released

        def release() -> None:
            self.released += 1

        image = np.zeros((480, 640, 3), dtype=np.uint8)
        captured = BEGAN + timedelta(seconds=at)
        self.mailbox.put(Frame("desk-1", self._sequence, captured, at, at, image, release))
        async with asyncio.timeout(2):
            while self.released == before:  # noqa: ASYNC110 - no event of the pipeline says so
                await asyncio.sleep(0)

    async def asks(
        self, person: int = 0, *, seconds: float = 5, min_liveness: float | None = None
    ) -> asyncio.Task[Comparison]:
        """Begin to ask whether it is Anna, who looks like this person."""
        asked = Asked(FakeGallery({ANNA: person}), PACK, min_liveness)
        task = asyncio.create_task(self.pipeline.compare(asked, self.stop, seconds))
        await asyncio.sleep(0)
        return task


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    await asyncio.sleep(0)
    yield made
    made.mailbox.close()
    await made.task


async def test_the_patient_matches_after_three_agreeing_frames(desk: Desk) -> None:
    task = await desk.asks()
    for count in range(3):
        assert not task.done()
        await desk.frame((face_at(100.0 + count), 0))
    found = await task
    assert (found.outcome, found.frames_agreeing, found.pack_id) == (MATCHED, 3, PACK)
    assert found.score is not None
    assert found.score >= found.threshold == -0.33
    assert found.captured_at == BEGAN + timedelta(seconds=0.6)
    assert desk.holds == [5], "no frame is left out meanwhile"


async def test_while_nobody_is_asked_about_no_face_is_looked_for_or_embedded(desk: Desk) -> None:
    looked = 0
    detect = desk.matcher.detect

    async def counted(image: Image) -> object:
        nonlocal looked
        looked += 1
        return await detect(image)

    desk.matcher.detect = counted  # type: ignore[assignment,method-assign]
    for _ in range(4):
        await desk.frame((face_at(100.0), 0))
    task = await desk.asks()
    for _ in range(3):
        await desk.frame((face_at(100.0), 0))
    assert (await task).outcome is MATCHED
    assert (looked, len(desk.matcher.embedded)) == (3, 3)
    for _ in range(4):
        await desk.frame((face_at(100.0), 0))
    assert (looked, len(desk.matcher.embedded)) == (3, 3)
    assert desk.released == 11


async def test_somebody_else_does_not_match(desk: Desk) -> None:
    task = await desk.asks(seconds=0.3)
    for _ in range(5):
        await desk.frame((face_at(100.0), 7))
    found = await task
    assert (found.outcome, found.score) == (ComparisonOutcome.NOT_MATCHED, None)


async def test_who_is_not_surely_the_patient_does_not_match(desk: Desk) -> None:
    """Near enough for a person to look in the lobby; here that person is looking already."""
    desk.matcher.noise = 0.36
    task = await desk.asks(seconds=0.3)
    for _ in range(5):
        await desk.frame((face_at(100.0), 0))
    found = await task
    assert found.outcome is ComparisonOutcome.NOT_MATCHED
    assert found.score is not None
    assert found.score < found.threshold
    assert found.frames_agreeing == 5


async def test_nobody_there_and_nobody_near_enough(desk: Desk) -> None:
    task = await desk.asks(seconds=0.2)
    await desk.frame()
    assert (await task).outcome is ComparisonOutcome.NO_FACE
    task = await desk.asks(seconds=0.2)
    await desk.frame((face_at(100.0, width=40.0), 0))
    found = await task
    assert (found.outcome, found.shortcoming) == (ComparisonOutcome.NO_FACE, "too_small")
    assert desk.matcher.embedded == []


async def test_without_a_frame_the_camera_is_to_blame(desk: Desk) -> None:
    assert (await (await desk.asks(seconds=0.05))).outcome is ComparisonOutcome.NO_PICTURE


async def test_of_two_people_nobody_is_compared(desk: Desk) -> None:
    task = await desk.asks(seconds=0.3)
    for _ in range(4):
        await desk.frame((face_at(100.0), 0), (face_at(400.0), 7))
    assert (await task).outcome is ComparisonOutcome.SEVERAL_PEOPLE
    assert desk.matcher.embedded == []


async def test_once_the_other_one_has_stepped_aside_the_patient_matches(desk: Desk) -> None:
    task = await desk.asks()
    await desk.frame((face_at(100.0), 0), (face_at(400.0), 7))
    for _ in range(3):
        await desk.frame((face_at(100.0), 0))
    assert (await task).outcome is MATCHED


async def test_the_shots_of_two_people_are_never_added_up(desk: Desk) -> None:
    """Two frames of the patient, then somebody else steps into the same place, then two more."""
    task = await desk.asks(seconds=0.4)
    for person in (0, 0, 7, 7, 7, 7):
        await desk.frame((face_at(100.0), person))
    assert (await task).outcome is ComparisonOutcome.NOT_MATCHED


async def test_only_the_lane_counts() -> None:
    desk = Desk(lane=LEFT_HALF)
    await asyncio.sleep(0)
    inside, outside = face_at(100.0), face_at(500.0)
    task = await desk.asks()
    for _ in range(3):
        await desk.frame((inside, 0), (outside, 7))
    assert (await task).outcome is MATCHED
    assert {id(face) for face in desk.matcher.embedded} == {id(inside)}
    task = await desk.asks(seconds=0.1)
    await desk.frame((outside, 0))
    assert (await task).outcome is ComparisonOutcome.NO_FACE
    desk.mailbox.close()
    await desk.task


async def test_a_picture_of_the_patient_is_doubted() -> None:
    desk = Desk(asks_liveness=True)
    await asyncio.sleep(0)
    desk.matcher.alive = 0.1
    task = await desk.asks(seconds=0.3, min_liveness=0.5)
    for _ in range(4):
        await desk.frame((face_at(100.0), 0))
    found = await task
    assert found.outcome is ComparisonOutcome.LIVENESS_DOUBT
    assert found.liveness == pytest.approx(0.1)
    # Where it is only observed, it matches, and the figure is told.
    task = await desk.asks()
    for _ in range(3):
        await desk.frame((face_at(100.0), 0))
    found = await task
    assert found.outcome is MATCHED
    assert found.liveness == pytest.approx(0.1)
    desk.mailbox.close()
    await desk.task


async def test_one_comparison_at_a_time(desk: Desk) -> None:
    first = await desk.asks()
    with pytest.raises(InputError, match="another comparison"):
        await (await desk.asks())
    for _ in range(3):
        await desk.frame((face_at(100.0), 0))
    assert (await first).outcome is MATCHED


async def test_the_services_end_and_the_cameras_end_a_comparison_at_once(desk: Desk) -> None:
    task = await desk.asks(seconds=60)
    desk.stop.set()
    assert (await asyncio.wait_for(task, 1)).outcome is ComparisonOutcome.ENDED
    desk.stop.clear()
    task = await desk.asks(seconds=60)
    desk.mailbox.close()
    assert (await asyncio.wait_for(task, 1)).outcome is ComparisonOutcome.ENDED
    # A camera that has stopped is asked in vain, not for ten seconds.
    assert (await (await desk.asks(seconds=60))).outcome is ComparisonOutcome.ENDED


async def test_who_gives_up_leaves_nothing_behind(desk: Desk) -> None:
    task = await desk.asks(seconds=60)
    for _ in range(2):
        await desk.frame((face_at(100.0), 7))
    assert [vector() is None for vector in desk.matcher.vectors] == [False, False]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    gc.collect()
    assert [vector() for vector in desk.matcher.vectors] == [None, None]
    await desk.frame((face_at(100.0), 7))
    assert len(desk.matcher.embedded) == 2
    assert (await (await desk.asks(seconds=0.05))).outcome is ComparisonOutcome.NO_PICTURE


async def test_who_gives_up_while_a_face_is_being_found_has_nobody_embedded(desk: Desk) -> None:
    finding, found = asyncio.Event(), asyncio.Event()
    detect = desk.matcher.detect

    async def slowly(image: Image) -> object:
        finding.set()
        await found.wait()
        return await detect(image)

    desk.matcher.detect = slowly  # type: ignore[assignment,method-assign]
    task = await desk.asks(seconds=60)
    showing = asyncio.create_task(desk.frame((face_at(100.0), 0)))
    await finding.wait()
    task.cancel()
    await asyncio.sleep(0)
    found.set()
    await showing
    assert desk.matcher.embedded == []


async def test_nobody_holds_the_template_afterwards(desk: Desk) -> None:
    class Held(FakeGallery):
        """Can be referred to weakly."""

    template = Held({ANNA: 0})
    gone = weakref.ref(template)
    task = asyncio.create_task(desk.pipeline.compare(Asked(template, PACK), desk.stop, 5))
    del template
    await asyncio.sleep(0)
    for _ in range(3):
        await desk.frame((face_at(100.0), 0))
    assert (await task).outcome is MATCHED
    del task
    gc.collect()
    assert gone() is None
