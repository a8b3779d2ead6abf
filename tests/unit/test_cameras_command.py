"""`kirdi cameras add`: what it takes from a command line, and what it refuses."""

import pytest
import yaml
from typer.testing import CliRunner

from streamer.commands.cameras import app
from streamer.control.messages import Reply, Request
from streamer.errors import InputError

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
