"""Cameras built by somebody else: GStreamer's RTSP server before our supervisor and decoder."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.settings import Camera
from streamer.domain.camera_state import CameraStatus
from tests.integration.gstreamer.server import MISSING
from tests.integration.ingest.watching import Watch, camera, until, watching

SERVER = Path(__file__).with_name("server.py")
SHAPE = (360, 640, 3)
USER = "viewer:s@fe word"
WRITTEN = "viewer:s%40fe%20word@"
PATIENCE_S = 15.0
"""GStreamer starts its encoder at the first request; beside other tests that takes seconds."""


@asynccontextmanager
async def served(*options: str) -> AsyncIterator[str]:
    """A server meanwhile; yields HOST:PORT/PATH. Skips where GStreamer is not installed."""
    python = shutil.which("python3", path="/usr/bin:/bin")
    if python is None:
        pytest.skip("the system has no python3 of its own, which would have GStreamer's bindings")
    process = await asyncio.create_subprocess_exec(
        *(python, "-I", str(SERVER), *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            line = (await process.stdout.readline()).decode()
            if not line.startswith("{") and await process.wait() == MISSING:
                pytest.skip(f"no RTSP server of GStreamer here: {line.strip()}")
        yield f"127.0.0.1:{json.loads(line)['port']}/stream"
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def patient(url: str, **changes: object) -> Camera:
    return camera(url, connect_timeout_s=PATIENCE_S, stall_timeout_s=5.0, **changes)


async def shows(watch: Watch, frames: int = 5) -> None:
    """Wait for frames of the right size, with something in them."""
    await watch.until_frames(frames, PATIENCE_S + 5)
    assert watch.status is CameraStatus.STREAMING
    assert {frame.image.shape for frame in watch.frames} == {SHAPE}
    # A white ball on black.
    assert all(frame.image.max() > 200 and frame.image.min() < 50 for frame in watch.frames[-1:])
    assert watch.supervisor.state.corrupt == 0


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("codec", ["h264", "h265", "mjpeg"])
async def test_every_codec_and_transport_streams(codec: str, transport: str) -> None:
    async with (
        served("--codec", codec) as place,
        watching(patient(f"rtsp://{place}", transport=transport)) as watch,
    ):
        await shows(watch)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_the_right_digest_password_opens(transport: str) -> None:
    async with (
        served("--user", USER) as place,
        watching(patient(f"rtsp://{WRITTEN}{place}", transport=transport)) as watch,
    ):
        await shows(watch)


@pytest.mark.parametrize("given", ["viewer:geheim%21@", ""])
async def test_a_wrong_or_missing_password_is_named(given: str) -> None:
    async with (
        served("--user", USER) as place,
        watching(patient(f"rtsp://{given}{place}")) as watch,
    ):
        await until(lambda: watch.status is CameraStatus.DOWN, PATIENCE_S)
        reason = watch.supervisor.state.reason
        assert reason.startswith("unauthorized")
        assert "geheim" not in reason
        assert not watch.frames


async def test_a_path_it_does_not_serve_is_named() -> None:
    async with served() as place, watching(patient(f"rtsp://{place}/absent")) as watch:
        await until(lambda: watch.status is CameraStatus.DOWN, PATIENCE_S)
        assert watch.supervisor.state.reason.startswith("not_found")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_a_stream_that_ends_is_opened_again(transport: str) -> None:
    async with (
        served("--frames", "30") as place,
        watching(patient(f"rtsp://{place}", transport=transport)) as watch,
    ):
        await shows(watch, 2)
        await until(lambda: watch.supervisor.state.restarts >= 1, PATIENCE_S)
        seen = len(watch.frames)
        await until(lambda: len(watch.frames) >= seen + 2, PATIENCE_S)
        assert any(state.status is not CameraStatus.STREAMING for state in watch.states[2:])
