"""`kirdi cameras add` and `probe`: what they take from a command line, and what they say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from config.settings import Camera
from streamer.cameras.overlay import CameraOverlay
from streamer.cameras.overlay_file import OverlayFile
from streamer.commands.cameras import app
from streamer.commands.viewing import in_words
from streamer.control.messages import Reply, Request, Verb, pack, parse_reply
from streamer.domain.view_state import ViewState
from streamer.domain.view_test import ViewTest
from streamer.domain.viewability import Viewability
from streamer.errors import CameraError, InputError, KirdiError
from streamer.ingest.stream_info import StreamInfo

SECOND = "rtsp://10.0.0.5/2"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What a service would be asked."""
    requests: list[Request] = []

    def ask(_: object, request: Request) -> Reply:
        requests.append(request)
        return Reply(added=(request.camera_id,))

    monkeypatch.setattr("streamer.control.client.ask", ask)
    return requests


@pytest.mark.parametrize(
    "setting",
    [
        "view_url=rtsp://viewer:geheim@10.0.0.5/2",
        "view_url=rtsp://10.0.0.5/2?password=geheim",
        r'view_url="rtsp://viewer\x3ageheim\x4010.0.0.5/2"',
        "view_url: rtsp://viewer:geheim@10.0.0.5/2",
        "rtsp://10.0.0.5/2?password=geheim",
        "url=rtsp://viewer:geheim@10.0.0.5/2",
    ],
)
def test_a_password_is_refused_on_the_command_line(asked: list[Request], setting: str) -> None:
    told = CliRunner().invoke(app, ["add", "v1", "rtsp://10.0.0.5/1", "--set", setting])
    assert isinstance(told.exception, InputError)
    assert "view_url_file" in str(told.exception)
    assert "geheim" not in str(told.exception) + told.output
    assert asked == []


def test_an_address_comes_from_the_line_or_from_a_file(asked: list[Request]) -> None:
    sets = ["--set", f"view_url={SECOND}", "--set", "lane=[[0, 0], [1, 0], [1, 1]]"]
    lane = [[0, 0], [1, 0], [1, 1]]
    run = CliRunner().invoke
    assert run(app, ["add", "v1", "rtsp://10.0.0.5/1", *sets]).exit_code == 0
    assert run(app, ["add", "v1", *sets, "--set", "url_file=/run/secrets/v1"]).exit_code == 0
    first, second = (yaml.safe_load(one.values) for one in asked)
    assert first == {"url": "rtsp://10.0.0.5/1", "view_url": SECOND, "lane": lane}
    assert second == {"url_file": "/run/secrets/v1", "view_url": SECOND, "lane": lane}
    assert isinstance(run(app, ["add", "v1", *sets]).exception, InputError)
    assert len(asked) == 2


@pytest.mark.parametrize("key", ["url_file", "view_url_file", "ca_file"])
def test_a_file_is_named_from_where_the_command_is_given(
    asked: list[Request], key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    added = CliRunner().invoke(app, ["add", "v1", "rtsp://10.0.0.5/1", "--set", f"{key}=../one"])
    assert added.exit_code == 0
    assert Path(yaml.safe_load(asked[0].values)[key]).resolve() == tmp_path.parent / "one"
    assert Path(yaml.safe_load(asked[0].values)[key]).is_absolute()


def test_an_added_camera_is_probed_and_a_dead_first_stream_hides_no_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings file does not know it."""
    file = tmp_path / "kirdi.yaml"
    file.write_text("site: {id: s, name: S}")
    values = {"id": "side", "url": "rtsp://10.0.0.5/1", "view_url": SECOND}
    OverlayFile(tmp_path).write(CameraOverlay().with_camera(Camera.model_validate(values)))
    alive: set[str] = {SECOND}
    seen = StreamInfo("hevc", None, 640, 360, "yuv420p", False, 0.5, 25.0, 25, 1.0, 900_000)

    def look(url: str, *_: object, **__: object) -> StreamInfo:
        if url not in alive:
            raise CameraError("camera 10.0.0.5: unreachable")
        return seen

    monkeypatch.setattr("streamer.ingest.probe.probe", look)
    monkeypatch.setenv("KIRDI_HOME", str(tmp_path))
    run = CliRunner().invoke
    probe = ["probe", "side", "--config", str(file)]

    one = run(app, [*probe, "--json"])
    assert isinstance(one.exception, KirdiError)
    assert one.exception.exit_code == CameraError.exit_code
    assert str(one.exception) == "stream for faces: camera 10.0.0.5: unreachable"
    faces, viewing = json.loads(one.stdout)
    assert faces == {"stream": "faces", "error": "camera 10.0.0.5: unreachable"}
    assert (viewing["codec"], len(viewing["viewing"])) == ("hevc", 1)
    assert "for viewing: it is hevc" in run(app, probe).stdout

    alive.add("rtsp://10.0.0.5/1")
    assert run(app, probe).exit_code == 0
    alive.discard(SECOND)
    second = run(app, probe)
    assert str(second.exception).startswith("stream for viewing")
    assert "browsers" not in second.output.lower()
    alive.clear()
    assert "warning: stream for viewing" in run(app, probe).stderr


SEEN = ViewTest(
    *("side", "sub-stream", 5.0, 0.4, 60, 3, 2.0, 12.0, 500_000, 0, 1, "h264", 640, 360),
    *(Viewability.AS_IS, False, ""),
)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (SEEN, ["sub-stream", "640", "500000", "For browsers: as it is."]),
        (replace(SEEN, viewability=Viewability.B_FRAMES), ["needs transcoding: it has B-frames"]),
        (replace(SEEN, timed_by_arrival=True), ["sends no usable times"]),
    ],
)
def test_a_look_is_told_in_words_and_in_json(
    monkeypatch: pytest.MonkeyPatch, seen: ViewTest, words: list[str]
) -> None:
    requests: list[Request] = []

    def ask(_: object, request: Request) -> Reply:
        requests.append(request)
        return parse_reply(pack(Reply(view_test=seen)))

    monkeypatch.setattr("streamer.control.client.ask", ask)
    told = CliRunner().invoke(app, ["view-test", "side", "--for", "3"])
    assert told.exit_code == 0
    assert all(word in told.stdout for word in words)
    assert requests == [Request(Verb.VIEW_TEST, "side", seconds=3.0)]
    (row,) = json.loads(CliRunner().invoke(app, ["view-test", "side", "--json"]).stdout)
    assert row["first_packet_s"] == 0.4
    assert row["viewability"] == seen.viewability


def test_a_look_that_saw_nothing_fails_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = replace(SEEN, first_packet_s=None, viewability=None, reason="unreachable: refused")
    monkeypatch.setattr("streamer.control.client.ask", lambda *_: Reply(view_test=dead))
    told = CliRunner().invoke(app, ["view-test", "side", "--json"])
    assert isinstance(told.exception, CameraError)
    assert "(unreachable: refused)" in str(told.exception)
    assert json.loads(told.stdout)[0]["packets"] == 60


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, ""),
        (ViewState("main stream"), "main stream, viewers 0"),
        (
            ViewState("sub-stream", 1, "h264", 640, 360, Viewability.AS_IS, 12.2, 500_000),
            "sub-stream 640x360 h264, 12 fps, viewers 1",
        ),
        (
            ViewState("sub-stream", 1, "hevc", 640, 360, Viewability.CODEC, reason="stalled"),
            "sub-stream 640x360 hevc, viewers 1, needs transcoding: it is not H.264, stalled",
        ),
    ],
)
def test_what_is_known_of_a_view_stands_in_the_status(state: ViewState | None, words: str) -> None:
    assert in_words(state) == words
