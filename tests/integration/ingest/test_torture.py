"""Recordings made to break decoders, before a supervised camera: it survives and goes on.

They come from conformance suites and from the tests of players: lost pictures, corruption, several
slice groups, sizes that change, 10 bits, unordered times. A decoder may die of them; the service
and the camera's next connection may not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.domain.camera_state import CameraStatus
from streamer.errors import InputError
from streamer.ingest.decoder_command import Request
from streamer.ingest.decoder_process import DecoderProcess
from streamer.simulator.server import CameraSimulator
from tests.data import need
from tests.integration.ingest.watching import (
    Watch,
    assert_colours,
    camera,
    play_to_the_end,
    request,
    until,
    watching,
    write_colours,
)

AT_ONCE = 6
BACK_S = 5.0
# No picture can be made of it: it has parameter sets only.
WITHOUT_PICTURE = {"sps_subsetsps_bothVUI.264"}
# The simulated camera sends what real ones do.
NEVER_SENT = {"av1_video.mkv", "offline_av1.mp4", "offline_vp9.mp4"} | WITHOUT_PICTURE


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "colours.mp4"
    write_colours(path)
    return path


def recordings() -> Sequence[Path]:
    folders = (need("torture/h264"), need("torture/containers"))
    return [path for folder in folders for path in sorted(folder.iterdir())]


async def each(paths: Sequence[Path], look: Callable[[Path], Awaitable[None]]) -> None:
    """Look at all, a few at once; a failure names its file."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(path: Path) -> None:
        async with places:
            try:
                await look(path)
            except (AssertionError, TimeoutError, ExceptionGroup) as error:
                error.add_note(f"with {path.name}")
                raise

    async with asyncio.TaskGroup() as tasks:
        for path in paths:
            tasks.create_task(one(path))


class FileFirst(Watch):
    """A camera whose first connection plays a file straight into the decoder process."""

    def __init__(self, url: str, path: Path) -> None:
        super().__init__(camera(url, analyse_fps=30))
        self._path = path

    def _make(self, asked: Request) -> DecoderProcess:
        first = not self.decoders
        return super()._make(replace(asked, address=str(self._path)) if first else asked)


async def test_every_recording_ends_with_frames_or_a_reason_and_the_camera_comes_back(
    colours: Path,
) -> None:
    async with CameraSimulator([colours], port=0, loop=True) as good:

        async def look(path: Path) -> None:
            watch = FileFirst(good.url, path)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(watch.supervisor.run(watch.stop))
                tasks.create_task(watch.consume())
                try:
                    await until(lambda: watch.status is CameraStatus.DOWN, 20)
                    state = watch.supervisor.state
                    assert state.reason
                    assert (state.decoded > 0) == (path.name not in WITHOUT_PICTURE), state
                    seen = len(watch.frames)
                    await until(lambda: len(watch.frames) >= seen + 2, BACK_S)
                    assert_colours(watch.frames[-1])
                    assert watch.status is CameraStatus.STREAMING
                finally:
                    watch.stop.set()

        await each(recordings(), look)


async def test_every_recording_a_camera_can_send_comes_through_rtsp() -> None:
    """The same through RTP: its unpacking is a second chance to break something."""

    async def look(path: Path) -> None:
        try:
            source = CameraSimulator([path], port=0, speed=20.0)
            await source.start()
        except InputError:
            assert path.name in NEVER_SENT
            return
        try:
            async with watching(camera(source.url, analyse_fps=30)) as watch:
                await until(lambda: watch.supervisor.state.decoded > 0, 10)
                await until(lambda: watch.status is CameraStatus.DOWN, 15)
                assert watch.supervisor.state.reason
        finally:
            await source.stop()

    await each(recordings(), look)


async def test_corruption_is_counted_and_the_size_followed() -> None:
    """Six pictures of two sizes, of which a single one, of the second size, is whole."""
    path = need("torture/h264/Error_I_P.264")
    shapes: list[tuple[int, ...]] = []
    _, counters = await play_to_the_end(
        request(path, analyse_fps=1e6), lambda picture: shapes.append(picture.image.shape)
    )
    assert (counters.decoded, counters.corrupt) == (6, 5)
    assert shapes == [(480, 640, 3)]


async def test_raw_packets_and_seeds_are_refused_with_a_reason() -> None:
    """As if a camera's address led to something else altogether."""
    paths = [*sorted(need("torture/rtp").iterdir()), *sorted(need("torture/fuzz-seeds").iterdir())]

    async def look(path: Path) -> None:
        failure, counters = await play_to_the_end(request(path))
        assert failure.text
        assert counters.sound == 0

    await each(paths[::6], look)
