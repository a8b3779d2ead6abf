"""Where a patient at the desk may be compared, and where not."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest

from config.settings import Camera
from streamer.cameras.desk_cameras import DeskCameras
from streamer.desk_pipeline import DeskPipeline
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.domain.comparison import ComparisonOutcome
from streamer.domain.template import Template
from streamer.errors import CameraError, InputError
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.pipeline import PipelineRules
from streamer.tracking.fixed_thresholds import FixedThresholds
from streamer.tracking.voting import VoteLimits
from tests.fakes.matcher import PACK, FakeGallery, FakeMatcher

TEMPLATE = Template(UUID(int=1), UUID(int=2), PACK, np.zeros(64, np.float32))


@dataclass
class Running:
    """A camera as the set holds it."""

    camera: Camera
    analysis: object
    status: CameraStatus = CameraStatus.STREAMING

    @property
    def state(self) -> CameraState:
        return CameraState("desk-1", self.status, "no route to it", datetime.now(UTC))


def pipeline() -> DeskPipeline:
    rules = PipelineRules(
        camera_id="desk-1",
        building="annex",
        lane=None,
        shortcoming=lambda _: None,
        vote=VoteLimits(FixedThresholds(0.3, 0.1), 0.5, 3),
        best_shots=8,
        other_person=0.5,
        max_gap_s=1.0,
        searches=False,
    )
    return DeskPipeline(rules, FakeMatcher())


def finds(running: Running) -> DeskCameras:
    return DeskCameras(lambda _: running, lambda one: FakeGallery({str(one.patient_id): 0}), None)


def camera(kind: str = "desk") -> Camera:
    return Camera.model_validate({"id": "desk-1", "url": "rtsp://10.0.0.5/1", "kind": kind})


async def test_a_camera_of_the_lobby_is_none_to_compare_at() -> None:
    with pytest.raises(InputError, match="is of kind lobby and compares nobody; choose"):
        finds(Running(camera("lobby"), object())).find("lobby-1")


@pytest.mark.parametrize("status", [CameraStatus.DOWN, CameraStatus.STALLED, CameraStatus.STARTING])
async def test_a_camera_that_shows_nothing_is_not_waited_for(status: CameraStatus) -> None:
    with pytest.raises(CameraError, match=f"{status}.*no route to it.*by hand"):
        finds(Running(camera(), pipeline(), status)).find("desk-1")


@pytest.mark.parametrize("status", [CameraStatus.STREAMING, CameraStatus.DEGRADED])
async def test_one_that_sees_is_asked_and_is_then_busy(status: CameraStatus) -> None:
    desk, mailbox, stop = pipeline(), LatestFrameMailbox(), asyncio.Event()
    running = asyncio.create_task(desk.run(mailbox))
    await asyncio.sleep(0)
    cameras = finds(Running(camera(), desk, status))
    found = cameras.find("desk-1")
    assert found.building == "annex"
    comparing = asyncio.create_task(found.compare(TEMPLATE, stop))
    await asyncio.sleep(0)
    with pytest.raises(InputError, match="another comparison"):
        cameras.find("desk-1")
    stop.set()
    ended = await comparing
    assert (ended.outcome, ended.pack_id) == (ComparisonOutcome.ENDED, PACK)
    cameras.find("desk-1")
    mailbox.close()
    await running
