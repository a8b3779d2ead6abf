"""Cameras come and go while the service runs, by file and by command; the others do not blink."""

import signal
import stat
from typing import Any

import pytest

from tests.acceptance.kirdi import Kirdi, Service
from tests.acceptance.people import unseen_clips

# A port nobody listens on.
AWAY = "rtsp://viewer:hunter2@127.0.0.1:9/stream"


def lobby(url: str) -> dict[str, Any]:
    # A frame a second: on a busy machine this is about cameras, not about what it can do.
    lane = [[0, 0], [1, 0], [1, 1]]
    return {"id": "lobby-1", "url": url, "lane": lane, "analyse_fps": 1}


def status(kirdi: Kirdi) -> dict[str, dict[str, Any]]:
    return {row["camera_id"]: row for row in kirdi.ok("cameras", "status")}


def streams(kirdi: Kirdi, camera_id: str) -> bool:
    return status(kirdi).get(camera_id, {}).get("status") == "streaming"


@pytest.mark.long
def test_cameras_come_and_go_without_a_restart(kirdi: Kirdi) -> None:
    for command in ("cameras status", "cameras list", "cameras enable x", "reload"):
        alone = kirdi(*command.split())
        assert (alone.code, alone.out) == (1, "")
        assert "start `kirdi run`" in alone.err
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [lobby(url)]
        with kirdi.service() as service:
            service.wait_until_logged('"status": "streaming"')
            by_looking(kirdi)
            by_command(kirdi, service, url)
            by_file(kirdi, service, url)
            healthy = status(kirdi)["lobby-1"]
            assert healthy["restarts"] == 0
            told = [line for line in service.log.splitlines() if '"camera": "lobby-1"' in line]
            assert not any('"status": "down"' in line or "stalled" in line for line in told)
            assert sum('"status": "starting"' in line for line in told) == 1
        # What was added is there again after a restart, and so is what was switched off.
        with kirdi.service() as service:
            service.wait_for(lambda: kirdi("cameras", "list").code == 0, 30)
            assert {key: row["source"] for key, row in status(kirdi).items()} == {
                "lobby-1": "settings",
                "side": "added",
            }
            assert status(kirdi)["side"]["status"] == "disabled"
    assert "hunter2" not in service.log
    assert not (kirdi.home / "control.sock").exists()


def by_looking(kirdi: Kirdi) -> None:
    (seen,) = kirdi.ok("cameras", "view-test", "lobby-1", "--for", "2")
    assert (seen["stream"], seen["codec"], seen["connections"]) == ("main stream", "h264", 1)
    assert seen["keyframes"] >= 1
    assert seen["packets"] > 10
    assert seen["dropped"] == 0
    (looked,) = kirdi.ok("audit", "list", "--kind", "live-view")
    assert looked["entity_id"] == "lobby-1"
    viewing = status(kirdi)["lobby-1"]["viewing"]
    assert (viewing["viewers"], viewing["codec"]) == (0, "h264")
    assert kirdi("cameras", "view-test", "nobody").code == 4
    assert kirdi("cameras", "view-test", "lobby-1", "--for", "60").code == 4
    assert kirdi("cameras", "accept-view", "lobby-1").code == 0


def by_command(kirdi: Kirdi, service: Service, url: str) -> None:
    assert stat.S_IMODE((kirdi.home / "control.sock").stat().st_mode) == 0o600
    refused = kirdi("cameras", "add", "side", AWAY)
    assert refused.code == 4
    assert "hunter2" not in refused.err
    added = kirdi("cameras", "add", "side", "-", "--set", "analyse_fps=3", stdin=AWAY)
    assert (added.code, added.out) == (0, "Added: side\n"), added.err
    assert stat.S_IMODE((kirdi.home / "cameras.yaml").stat().st_mode) == 0o600
    service.wait_for(lambda: status(kirdi)["side"]["status"] == "down", 20)
    row = status(kirdi)["side"]
    assert (row["analyse_fps"], row["address"]) == (3, "rtsp://127.0.0.1:9/stream")
    assert row["reason"].startswith("unreachable")
    assert kirdi("health").code == 0

    twice = kirdi("cameras", "add", "side", url)
    assert twice.code == 4
    assert "remove it first" in twice.err
    wrong = kirdi("cameras", "add", "other", url, "--set", "analyse_fps=99")
    assert wrong.code == 4
    assert "analyse_fps" in wrong.err
    nowhere = kirdi("cameras", "add", "other", url, "--set", "building=roof")
    assert nowhere.code == 3
    assert "'roof'" in nowhere.err

    # What somebody wrote into the file by hand is neither lost nor taken over unasked.
    file = kirdi.home / "cameras.yaml"
    file.write_text(file.read_text().replace("analyse_fps: 3", "analyse_fps: 4"))
    assert "kirdi reload" in kirdi("cameras", "disable", "side").err
    assert kirdi.ok("reload")[0]["changed"] == ["side"]

    assert kirdi("cameras", "remove", "lobby-1").code == 4
    assert kirdi("cameras", "disable", "nobody").code == 4
    assert kirdi.ok("cameras", "remove", "side")[0]["removed"] == ["side"]
    assert set(status(kirdi)) == {"lobby-1"}
    assert kirdi.ok("cameras", "add", "side", url)[0]["added"] == ["side"]
    service.wait_for(lambda: streams(kirdi, "side"), 20)
    assert kirdi.ok("cameras", "disable", "side")[0]["changed"] == ["side"]
    assert status(kirdi)["side"]["status"] == "disabled"
    assert kirdi("health").code == 0
    shown = kirdi("cameras", "status").out
    assert "polygon of 3 points" in shown


def by_file(kirdi: Kirdi, service: Service, url: str) -> None:
    healthy = lobby(url)
    kirdi.cameras = [healthy, {"id": "door", "url": url}, {"id": "hall", "url": AWAY}]
    kirdi.extra = {"match": {"auto_arrive": "always", "accept_fpir": 0.002}}
    (reply,) = kirdi.ok("reload")
    assert reply == {
        "added": ["door", "hall"],
        "changed": [],
        "removed": [],
        "needs_restart": ["match.accept_fpir"],
        "warnings": [],
    }
    service.wait_for(lambda: streams(kirdi, "door"), 20)

    kirdi.cameras = [healthy, {"id": "door", "url": url, "enabled": False}]
    kirdi.write_settings()
    service.process.send_signal(signal.SIGHUP)
    service.wait_for(lambda: "hall" not in status(kirdi), 10)
    assert status(kirdi)["door"]["status"] == "disabled"

    kirdi.cameras = [healthy | {"url": "http://x"}]
    wrong = kirdi("reload")
    assert wrong.code == 3
    assert "cameras.0.url" in wrong.err
    kirdi.write_settings()
    service.process.send_signal(signal.SIGHUP)
    service.wait_until_logged("settings not reloaded")
    assert set(status(kirdi)) == {"lobby-1", "door", "side"}
    kirdi.cameras, kirdi.extra = [healthy], {}
    assert kirdi.ok("reload")[0]["removed"] == ["door"]


@pytest.mark.long
def test_both_streams_of_a_camera_are_looked_at(kirdi: Kirdi) -> None:
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url, "view_url": url}]
        faces, viewing = kirdi.ok("cameras", "probe", "lobby-1")
        assert (faces["stream"], viewing["stream"]) == ("faces", "viewing")
        assert (viewing["codec"], viewing["width"]) == ("h264", 640)
        assert faces["viewing"] == []
        assert any("B-frames" in hint for hint in viewing["viewing"])
    unknown = kirdi("cameras", "probe", "lobby-2")
    assert unknown.code == 4
    assert "lobby-2" in unknown.err
    # A password of either stream stays where it is.
    kirdi.cameras = [{"id": "lobby-1", "url": "rtsp://127.0.0.1:9/1", "view_url": AWAY}]
    away = kirdi("cameras", "probe", "lobby-1")
    assert away.code != 0
    assert "hunter2" not in away.err + away.out
