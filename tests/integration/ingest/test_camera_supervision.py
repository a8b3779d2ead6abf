"""A supervised camera through everything that ends a connection."""

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog

from streamer.domain.camera_state import CameraStatus
from streamer.simulator.credentials import Credentials
from streamer.simulator.faults.timing import LateKeyframe
from streamer.simulator.server import CameraSimulator
from tests.data import ROOT
from tests.fakes.rtsp_server import FakeRtspServer
from tests.integration.ingest.watching import (
    alive,
    assert_colours,
    camera,
    children,
    descriptors,
    until,
    watching,
    write_colours,
)


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "colours.mp4"
    write_colours(path)
    return path


async def test_a_first_keyframe_after_the_stall_time_out_is_waited_for(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as source:
        await source.set_faults([LateKeyframe(4)])
        async with watching(camera(source.url)) as watch:
            await watch.until_frames(3, 10)
            assert {state.reason for state in watch.states} == {""}
            assert watch.supervisor.state.restarts == 0


async def test_a_killed_decoder_is_back_within_five_seconds(colours: Path) -> None:
    async with (
        CameraSimulator([colours], port=0, loop=True) as source,
        watching(camera(source.url)) as watch,
    ):
        await watch.until_frames(3)
        kept = watch.frames[-1]
        killed_at = time.monotonic()
        os.kill(watch.decoder_pid, signal.SIGKILL)
        await until(lambda: watch.status is CameraStatus.DOWN)
        assert "SIGKILL" in watch.supervisor.state.reason
        await watch.until_frames(2, 5)
        assert time.monotonic() - killed_at < 5
        assert watch.supervisor.state.restarts == 1
        assert watch.status is CameraStatus.STREAMING
        assert watch.supervisor.state.reason == ""
        assert_colours(kept)
        numbers = [frame.sequence for frame in watch.frames]
        assert numbers == sorted(set(numbers))
        assert watch.supervisor.state.analysed == len(watch.frames)


async def test_a_camera_that_goes_away_and_comes_back(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as first:
        url = first.url
        port = int(url.split(":")[2].split("/")[0])
        task = watching(camera(url))
        watch = await task.__aenter__()
        await watch.until_frames(2)
    await until(lambda: watch.status is CameraStatus.DOWN)
    await until(lambda: watch.supervisor.state.reason.startswith("unreachable"), 8)
    async with CameraSimulator([colours], port=port, loop=True):
        await watch.until_frames(2, 15)
        assert watch.status is CameraStatus.STREAMING
        await task.__aexit__(None, None, None)


async def test_a_stream_that_ends_is_opened_again_after_a_second(tmp_path: Path) -> None:
    write_colours(tmp_path / "short.mp4", seconds=0.4)
    async with (
        CameraSimulator([tmp_path / "short.mp4"], port=0) as source,
        watching(camera(source.url, analyse_fps=10)) as watch,
    ):
        await until(lambda: watch.supervisor.state.restarts >= 2, 10)
        reasons = {state.reason for state in watch.states}
    assert "ended: the camera closed the stream" in reasons


async def test_a_camera_that_sends_nothing_is_stalled_and_tried_again() -> None:
    async with FakeRtspServer("stall") as server:
        asked = camera(server.url, connect_timeout_s=0.5, stall_timeout_s=0.5)
        async with watching(asked) as watch:
            await until(lambda: watch.status is CameraStatus.STALLED)
            await until(lambda: server.connections >= 2)
    assert watch.states[-1].status is CameraStatus.DOWN
    assert watch.states[-1].reason == "stopped"


async def test_a_frozen_decoder_is_replaced(colours: Path) -> None:
    """Stopped by a signal it neither decodes nor listens: the watchdog has to kill it."""
    async with (
        CameraSimulator([colours], port=0, loop=True) as source,
        watching(camera(source.url, stall_timeout_s=0.7)) as watch,
    ):
        await watch.until_frames(2)
        frozen = watch.decoder_pid
        os.kill(frozen, signal.SIGSTOP)
        await until(lambda: watch.status is CameraStatus.STALLED, 10)
        # The news does not wait for its end, which takes five seconds.
        await until(lambda: not alive(frozen), 10)
        await watch.until_frames(2, 10)


async def test_the_memory_of_a_decoder_is_known(colours: Path) -> None:
    async with (
        CameraSimulator([colours], port=0, loop=True) as source,
        watching(camera(source.url)) as watch,
    ):
        await watch.until_frames(1)
        memory = watch.decoders[-1].memory_bytes()
        assert memory is not None
        assert 4 << 20 < memory < 100 << 20
    assert watch.decoders[-1].memory_bytes() is None


async def test_frames_nobody_takes_are_replaced_and_counted(colours: Path) -> None:
    async with (
        CameraSimulator([colours], port=0, loop=True) as source,
        watching(camera(source.url, analyse_fps=25)) as watch,
    ):
        await watch.until_frames(1)
        watch.consuming.clear()
        await until(lambda: watch.mailbox.dropped >= 5)
        seen = len(watch.frames)
        watch.consuming.set()
        await watch.until_frames(2)
        assert watch.supervisor.state.dropped >= 5
        assert watch.frames[seen].sequence >= seen + 5


async def test_stopping_takes_less_than_three_seconds_and_leaves_nothing(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as source, FakeRtspServer("mute") as m:
        async with watching(camera(source.url)) as one, watching(camera(m.url)) as two:
            await one.until_frames(1)
            await until(lambda: m.connections > 0)
            began = time.monotonic()
        assert time.monotonic() - began < 3
    assert one.status is two.status is CameraStatus.DOWN


async def five_times(url: str) -> None:
    for _ in range(5):
        async with watching(camera(url, analyse_fps=25)) as watch:
            await watch.until_frames(2, 20)


async def test_twenty_starts_and_stops_leave_no_process_descriptor_or_memory(
    colours: Path,
) -> None:
    def shared() -> int:
        return Path("/proc/self/maps").read_text().count("kirdi-frames")

    async with CameraSimulator([colours], port=0, loop=True) as source:
        async with watching(camera(source.url)) as watch:
            await watch.until_frames(1)
        del watch
        gc.collect()
        await asyncio.sleep(0.1)
        before = children(), descriptors()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(five_times(source.url))
        await asyncio.sleep(0.1)
        assert (children(), descriptors()) == before
        assert shared() == 0


async def test_no_password_in_any_log_line_or_state(
    colours: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    structlog.reset_defaults()
    known = Credentials("viewer", "right")
    async with CameraSimulator([colours], port=0, credentials=known) as source:
        place = source.url.removeprefix("rtsp://")
        async with watching(camera(f"rtsp://viewer:geheim%21@{place}")) as watch:
            await until(lambda: watch.status is CameraStatus.DOWN)
    told = json.dumps([repr(state) for state in watch.states]) + "".join(capfd.readouterr())
    assert "unauthorized" in told
    assert "camera.down" in told
    assert "geheim" not in told
    assert "%21" not in told


SERVICE = """
import asyncio, sys
from streamer.clock import SystemClock
from tests.integration.ingest.watching import camera, watching

async def main():
    async with watching(camera(sys.argv[1])) as watch:
        await watch.until_frames(1, 20)
        print(watch.decoder_pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_killed_service_leaves_no_decoder(colours: Path) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as source:
        service = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SERVICE, source.url),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert service.stdout is not None
        while not (line := await service.stdout.readline()).strip().isdigit():
            assert line, "the service ended"
        decoder = int(line)
        assert alive(decoder)
        service.kill()
        await service.wait()
        await until(lambda: not alive(decoder))
