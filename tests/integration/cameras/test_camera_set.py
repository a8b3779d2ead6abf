"""Cameras that come, change and go; real decoders, a simulated camera."""

import asyncio
import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from streamer.cameras.camera_changes import CameraChanges
from streamer.cameras.load_governor import Level
from streamer.domain.camera_state import CameraStatus
from streamer.errors import KirdiError
from streamer.simulator.server import CameraSimulator
from tests.fakes.rtsp_server import FakeRtspServer
from tests.integration.cameras.service import Service, serving
from tests.integration.ingest.watching import camera, children, until, write_colours

STREAMING = CameraStatus.STREAMING


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "colours.mp4"
    write_colours(path)
    return path


async def frames(service: Service, camera_id: str, more: int = 3) -> None:
    wanted = len(service.frames[camera_id]) + more
    await until(lambda: len(service.frames[camera_id]) >= wanted, 10)


async def test_a_camera_does_not_blink_while_others_come_change_and_go(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as source, serving() as service:
        healthy = camera(source.url, id="healthy", analyse_fps=10)
        other = camera(source.url, id="other", analyse_fps=10)
        changed = camera(source.url, id="other", analyse_fps=4)
        off = camera(source.url, id="other", enabled=False)
        await service.cameras.apply([healthy])
        await frames(service, "healthy")
        service.frames["healthy"].clear()

        assert await service.cameras.apply([healthy, other]) == CameraChanges(added=("other",))
        await frames(service, "other")
        changes = await service.cameras.apply([changed, healthy])
        assert changes == CameraChanges(changed=("other",))
        await frames(service, "other")
        await service.cameras.apply([healthy, off])
        assert service.status("other") is CameraStatus.DISABLED
        await service.cameras.apply([healthy, other])
        await frames(service, "other")
        assert await service.cameras.apply([healthy]) == CameraChanges(removed=("other",))
        assert service.status("other") is None
        assert len(children()) == 1
        await frames(service, "healthy")

    seen = service.frames["healthy"]
    assert [number for number, _ in seen] == list(range(seen[0][0], seen[0][0] + len(seen)))
    assert max(later - at for (_, at), (_, later) in pairwise(seen)) < 2
    assert service.journal.of("healthy") == ["starting", "streaming", "down stopped"]
    assert service.journal.of("other") == [
        *("starting", "streaming"),
        *("starting settings changed", "starting", "streaming"),
        "disabled switched off in the settings (enabled: false)",
        *("starting", "streaming"),
        "removed",
    ]


async def test_a_camera_that_hangs_holds_up_no_other(colours: Path) -> None:
    """The one that is removed never answers and takes its time to stop."""
    async with (
        CameraSimulator([colours], port=0, loop=True) as source,
        FakeRtspServer("mute") as m,
        serving() as service,
    ):
        mute = camera(m.url, id="mute", connect_timeout_s=30)
        await service.cameras.apply([mute])
        await until(lambda: m.connections > 0)
        changing = asyncio.create_task(service.cameras.apply([camera(source.url, id="new")]))
        await frames(service, "new", 1)
        assert service.journal.of("mute") == ["starting", "removed"]
        await asyncio.wait_for(changing, 5)


async def test_a_removed_cameras_tasks_are_not_missed_and_a_dead_one_is(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as source:
        service = Service()
        watch = asyncio.create_task(service.background.watch(service.stop))
        await service.cameras.apply([camera(source.url, id="a"), camera(source.url, id="b")])
        await frames(service, "a", 1)
        await service.cameras.apply([camera(source.url, id="b")])
        await asyncio.sleep(0.1)
        assert not watch.done()
        (task,) = (one for one in asyncio.all_tasks() if one.get_name() == "pipeline b")
        task.cancel()
        with pytest.raises(KirdiError, match="pipeline b ended by itself"):
            await asyncio.wait_for(watch, 5)
        service.stop.set()
        await service.background.finish(10)
    assert children() == set()


async def test_the_pace_reaches_cameras_that_run_and_those_that_come(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as source, serving() as service:
        await service.cameras.apply([camera(source.url, id="a", analyse_fps=5)])
        service.cameras.pace(Level(0.4))
        await service.cameras.apply(
            [camera(source.url, id="a", analyse_fps=5), camera(source.url, id="b", analyse_fps=10)]
        )
        remarks = {state.camera_id: state.remarks for state in service.cameras.states}
        assert remarks == {
            "a": ("analysed at 2 of 5 frames a second: the machine is short",),
            "b": ("analysed at 4 of 10 frames a second: the machine is short",),
        }
        assert service.analyses["a"].gap_s == pytest.approx(1.5)
        service.cameras.pace(Level(0.4, keyframes_only=True))
        assert service.analyses["b"].gap_s == pytest.approx(6)
        service.cameras.pace(Level(1.0))
        assert service.analyses["a"].gap_s == pytest.approx(1)


async def test_a_killed_decoder_of_one_camera_is_no_news_to_the_next(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as source, serving() as service:
        await service.cameras.apply([camera(source.url, id="a")])
        await frames(service, "a")
        (first,) = children()
        await service.cameras.apply([camera(source.url, id="a"), camera(source.url, id="b")])
        await frames(service, "b")
        os.kill(first, signal.SIGKILL)
        await until(lambda: "down" in service.journal.of("a")[-1])
        await frames(service, "a")
        assert service.journal.of("b") == ["starting", "streaming"]


async def test_twenty_cameras_stream_and_stop_within_three_seconds(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as source, serving() as service:
        many = [
            camera(source.url, id=f"c{n}", analyse_fps=1, connect_timeout_s=30) for n in range(20)
        ]
        await service.cameras.apply(many)
        await until(lambda: all(one.status is STREAMING for one in service.cameras.states), 60)
        assert len(children()) == 20
        began = time.monotonic()
        service.stop.set()
        await service.background.finish(10)
        assert time.monotonic() - began < 3
        assert children() == set()
    await service.cameras.apply([camera("rtsp://127.0.0.1:9/", id="late")])
    assert service.cameras.running == ()
    assert children() == set()
