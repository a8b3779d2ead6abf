"""What `kirdi health` takes for a living service."""

import fcntl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streamer.commands.health import MAX_SILENCE_S, complaint, service_runs
from streamer.domain.camera_state import CameraStatus
from streamer.storage.uptime import OpenInterval

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def interval(camera: str, silence_s: float, status: str = "streaming") -> OpenInterval:
    return OpenInterval(
        camera,
        CameraStatus(status),
        "",
        NOW - timedelta(hours=1),
        NOW - timedelta(seconds=silence_s),
    )


@pytest.mark.parametrize(
    ("watched", "silences", "words"),
    [
        ([], {}, None),
        (["a"], {"a": 0}, None),
        (["a"], {"a": MAX_SILENCE_S}, None),
        (["a"], {"a": MAX_SILENCE_S + 1}, "no heartbeat for camera a in 31 s"),
        (["a", "b"], {"a": 1, "b": 900}, "no heartbeat for camera b in 900 s"),
        (["a", "b"], {"a": 1}, "it does not watch camera b"),
        # What was left over from a camera nobody watches any more says nothing.
        (["a"], {"a": 1, "old": 90_000}, None),
        # A clock that went back is no death either.
        (["a"], {"a": -5}, None),
    ],
)
def test_heartbeats_are_judged(
    watched: list[str], silences: dict[str, float], words: str | None
) -> None:
    found = complaint(watched, [interval(*pair) for pair in silences.items()], NOW)
    assert found is None if words is None else found is not None and words in found


def test_a_camera_that_is_down_is_no_fault_of_the_service() -> None:
    assert complaint(["a"], [interval("a", 1, "down")], NOW) is None


def test_a_lock_file_alone_is_no_service(tmp_path: Path) -> None:
    assert not service_runs(tmp_path)
    lock = tmp_path / "service.lock"
    lock.touch(mode=0o600)
    assert not service_runs(tmp_path)
    with lock.open("rb+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert service_runs(tmp_path)
        assert service_runs(tmp_path)
    assert not service_runs(tmp_path)
