"""`kirdi health` against a service that starts, watches a camera that is away, and is killed."""

import pytest

from tests.acceptance.kirdi import Kirdi

# A port nobody listens on: the camera is down, the service is not.
AWAY = {"id": "lobby-1", "url": "rtsp://viewer:hunter2@127.0.0.1:9/stream"}


@pytest.mark.long
def test_health_follows_the_service(kirdi: Kirdi) -> None:
    kirdi.cameras = [AWAY]
    before = kirdi("health")
    assert before.code == 1
    assert "none runs on" in before.err
    with kirdi.service() as service:
        service.wait_for(lambda: kirdi("health").code == 0, 60)
        service.wait_until_logged('"status": "down"')
        service.wait_for(lambda: kirdi.ok("health")[0]["status"] == "down", 30)
        (row,) = kirdi.ok("health")
        assert set(row) == {"camera_id", "status", "reason", "since", "last_seen_at"}
        assert row["camera_id"] == "lobby-1"
        assert "hunter2" not in row["reason"]
        assert "lobby-1" in kirdi("health").out

        # Another camera in the settings is not watched until the service starts again.
        kirdi.cameras = [AWAY, AWAY | {"id": "lobby-2"}]
        changed = kirdi("health")
        assert changed.code == 1
        assert "does not watch camera lobby-2" in changed.err
        service.kill()
    killed = kirdi("health", "--json")
    assert killed.code == 1
    assert killed.out == ""
