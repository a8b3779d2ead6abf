"""`kirdi health` against a service that starts, watches a camera that is away, and is killed."""

import pytest

from tests.acceptance.hanging_redis import hanging_redis
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
        service.wait_for(lambda: kirdi.ok("health")[0]["cameras"][0]["status"] == "down", 30)
        (said,) = kirdi.ok("health")
        assert said["redis"] == {"state": "ok", "since": None, "reason": "", "meanwhile": ""}
        (row,) = said["cameras"]
        assert set(row) == {"camera_id", "status", "reason", "since", "last_seen_at"}
        assert row["camera_id"] == "lobby-1"
        assert "hunter2" not in row["reason"]
        shown = kirdi("health").out
        assert "lobby-1" in shown
        assert "Redis answers." in shown
        with hanging_redis(kirdi.home):
            service.wait_until_logged("redis away")
            away = kirdi("health")
            assert away.code == 0, "nothing is lost"
            assert "Redis: away since 20" in away.err
            assert "does not answer in time" in away.err
            assert "go on from the database" in away.err
            (said,) = kirdi.ok("health")
            assert (said["redis"]["state"], bool(said["redis"]["since"])) == ("away", True)
        service.wait_until_logged("redis is back")
        assert "Redis answers." in kirdi("health").out

        # Another camera in the settings is not watched until the service starts again.
        kirdi.cameras = [AWAY, AWAY | {"id": "lobby-2"}]
        changed = kirdi("health")
        assert changed.code == 1
        assert "does not watch camera lobby-2" in changed.err
        service.kill()
    killed = kirdi("health", "--json")
    assert killed.code == 1
    assert killed.out == ""
