"""A nasty password through every way a connection can fail: it is told nowhere, in no spelling."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import structlog

from streamer.domain.camera_state import CameraStatus
from streamer.errors import CameraError
from streamer.ingest.probe import probe
from streamer.simulator.credentials import Credentials
from streamer.simulator.server import CameraSimulator
from tests.fakes.rtsp_server import Behaviour, FakeRtspServer, closed_port
from tests.fakes.scripted_rtsp import ScriptedRtspServer, ordinary
from tests.integration.ingest.watching import camera, until, watching
from tests.video import make_video

PASSWORD = "g%41e/h:é@i m'\"\\m?#&="
LOGIN = f"viewer:{quote(PASSWORD, safe='')}"
Place = Callable[[], AbstractAsyncContextManager[str]]
"""Sets up what a connection fails at, and gives the URL without the credentials' at sign."""


def spellings() -> set[str]:
    bare = {PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), quote_plus(PASSWORD)}
    escaped = {repr(PASSWORD)[1:-1], json.dumps(PASSWORD)[1:-1]}
    token = b64encode(f"viewer:{PASSWORD}".encode()).decode().rstrip("=")
    return bare | escaped | {json.dumps(one)[1:-1] for one in bare | escaped} | {token, "g%2541e"}


def behaving(behaviour: Behaviour) -> Place:
    @asynccontextmanager
    async def place() -> AsyncIterator[str]:
        async with FakeRtspServer(behaviour) as server:
            yield f"rtsp://{LOGIN}@127.0.0.1:{server.port}/a"

    return place


def saying(text: str) -> Place:
    """A camera that repeats the credentials at DESCRIBE."""

    def answers(method: str, sequence: str) -> str | None:
        if method != "DESCRIBE":
            return None
        return text.format(sequence=sequence) if text else ordinary(method, sequence)

    @asynccontextmanager
    async def place() -> AsyncIterator[str]:
        async with ScriptedRtspServer(answers) as server:
            yield f"rtsp://{LOGIN}@{server.place}/a"

    return place


@asynccontextmanager
async def wrong_password() -> AsyncIterator[str]:
    with_another = Credentials("viewer", "another")
    async with CameraSimulator([_video], port=0, credentials=with_another) as simulated:
        yield simulated.url.replace("rtsp://", f"rtsp://{LOGIN}@")


@asynccontextmanager
async def elsewhere(rest: str) -> AsyncIterator[str]:
    scheme, _, place = rest.partition("://")
    yield f"{scheme}://{LOGIN}@{place.format(port=closed_port())}"


MOVED = "RTSP/1.0 302 Found\r\nCSeq: {sequence}\r\nLocation: "
FAILURES: dict[str, Place] = {
    "wrong password": wrong_password,
    "nobody listens": lambda: elsewhere("rtsp://127.0.0.1:{port}/a"),
    "unknown host": lambda: elsewhere("rtsp://nowhere.invalid/a"),
    "refused address": lambda: elsewhere("rtsp://169.254.169.254/a"),
    "no TLS": lambda: elsewhere("rtsps://127.0.0.1:{port}/a"),
    "moved": saying(f"{MOVED}rtsp://{LOGIN}@127.0.0.1:9/{quote(PASSWORD)}\r\n\r\n"),
    "moved to nonsense": saying(f"{MOVED}http://{quote(PASSWORD)}\r\n\r\n"),
    "reason": saying(f"RTSP/1.0 400 {quote(PASSWORD)}\r\nCSeq: {{sequence}}\r\n\r\n"),
    "no answer at all": saying(f"what is {PASSWORD}\r\n\r\n"),
} | {
    name: behaving(name)
    for name in ("hang_up", "401", "403", "404", "453", "503", "audio", "codec", "garbage", "http")
}
_video = Path()


@pytest.fixture(autouse=True, scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> None:
    global _video
    _video = tmp_path_factory.mktemp("video") / "a.mp4"
    make_video(_video)


@pytest.mark.parametrize("name", FAILURES)
async def test_a_password_is_told_nowhere(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    async with FAILURES[name]() as url:
        asked = camera(url, connect_timeout_s=1.0, stall_timeout_s=1.0)
        async with watching(asked) as watch:
            await until(lambda: watch.status in (CameraStatus.DOWN, CameraStatus.STALLED), 10)
        with pytest.raises(CameraError) as refusal:
            await asyncio.to_thread(probe, url, timeout_s=1.0)
    told = "".join(capfd.readouterr()) + repr(watch.states) + str(refusal.value)
    assert watch.states[-2].reason
    assert "camera.down" in told
    assert [one for one in spellings() if one in told] == []
