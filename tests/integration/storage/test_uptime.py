import asyncio
from datetime import datetime, timedelta

from pydantic import SecretStr

from config.settings import Camera
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.ingest.decoder_command import Request
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.protocol import Failure, FailureKind, Opened
from streamer.ingest.supervisor import CameraSupervisor
from streamer.storage.uptime import CameraUptime
from tests.fakes.clock import FakeClock
from tests.fakes.decoder import FakeDecoder, Step, picture
from tests.integration.storage.clinic import NOW, SITE, Clinic


def _state(
    status: CameraStatus, minutes: float, reason: str = "", camera: str = "lobby-1"
) -> CameraState:
    return CameraState(camera, status, reason, NOW + timedelta(minutes=minutes))


async def _intervals(clinic: Clinic) -> list[tuple[str, str, float, float | None]]:
    async with clinic.database.postgres.connection() as connection:
        rows = await connection.fetch(
            "SELECT camera_id, state, started_at, ended_at FROM camera_uptime "
            "ORDER BY camera_id, started_at, ended_at"
        )

    def minutes(moment: datetime) -> float:
        return (moment - NOW).total_seconds() / 60

    return [
        (
            row["camera_id"],
            row["state"],
            minutes(row["started_at"]),
            None if row["ended_at"] is None else minutes(row["ended_at"]),
        )
        for row in rows
    ]


async def test_intervals_follow_each_other(any_clinic: Clinic) -> None:
    uptime = CameraUptime(any_clinic.database.postgres, SITE.id)
    await uptime.record(_state(CameraStatus.STARTING, 0))
    await uptime.record(_state(CameraStatus.STREAMING, 1))
    await uptime.record(_state(CameraStatus.STREAMING, 2))
    await uptime.record(_state(CameraStatus.DOWN, 3, "refused"))
    await uptime.record(_state(CameraStatus.DOWN, 4, "no route"))
    await uptime.record(_state(CameraStatus.STREAMING, 1, camera="lobby-2"))
    assert await _intervals(any_clinic) == [
        ("lobby-1", "starting", 0, 1),
        ("lobby-1", "streaming", 1, 3),
        ("lobby-1", "down", 3, 4),
        ("lobby-1", "down", 4, None),
        ("lobby-2", "streaming", 1, None),
    ]


async def test_a_camera_that_fails_in_two_ways_keeps_its_history(clinic: Clinic) -> None:
    """The states are those of a real supervisor, whose `since` stays while the reason changes."""
    states: list[CameraState] = []
    clock, stop, minute = FakeClock(NOW), asyncio.Event(), timedelta(minutes=1)
    scripts: list[list[Step]] = [
        [Opened(), picture(1), Failure(FailureKind.DIED, "x")],
        [Failure(FailureKind.ENDED, "y")],
        [Failure(FailureKind.UNREACHABLE, "z")],
    ]

    def decoder(_: Request) -> FakeDecoder:
        clock.advance(60)
        return FakeDecoder(iter(scripts.pop(0)), stop.set)

    supervisor = CameraSupervisor(
        Camera(id="lobby-1", url=SecretStr("rtsp://10.0.0.5/1")),
        clock,
        LatestFrameMailbox(),
        states.append,
        make_decoder=decoder,
    )
    for _ in range(3):
        await supervisor.run_once(stop)
    uptime = CameraUptime(clinic.database.postgres, SITE.id)
    for state in states:
        await uptime.record(state)
    assert {state.since for state in states} == {NOW + minute}
    assert await _intervals(clinic) == [
        ("lobby-1", "streaming", 1, 1),
        ("lobby-1", "down", 1, 2),
        ("lobby-1", "down", 2, 3),
        ("lobby-1", "down", 3, None),
    ]


async def test_after_a_crash_the_last_heartbeat_is_the_end(clinic: Clinic) -> None:
    uptime = CameraUptime(clinic.database.postgres, SITE.id)
    await uptime.record(_state(CameraStatus.STREAMING, 0))
    await uptime.heartbeat(NOW + timedelta(minutes=7))
    # The service dies here; the next one starts two hours later.
    restarted = CameraUptime(clinic.database.postgres, SITE.id)
    assert await restarted.recover() == 1
    assert await restarted.recover() == 0
    await restarted.record(_state(CameraStatus.STARTING, 120))
    assert await _intervals(clinic) == [
        ("lobby-1", "streaming", 0, 7),
        ("lobby-1", "starting", 120, None),
    ]


async def test_an_orderly_stop_ends_everything_now(clinic: Clinic) -> None:
    uptime = CameraUptime(clinic.database.postgres, SITE.id)
    await uptime.record(_state(CameraStatus.STREAMING, 0))
    await uptime.close(NOW + timedelta(minutes=9))
    assert await _intervals(clinic) == [("lobby-1", "streaming", 0, 9)]


async def test_a_clock_that_went_back(clinic: Clinic) -> None:
    uptime = CameraUptime(clinic.database.postgres, SITE.id)
    await uptime.record(_state(CameraStatus.STREAMING, 5))
    await uptime.heartbeat(NOW)
    await uptime.record(_state(CameraStatus.STALLED, 2))
    await uptime.record(_state(CameraStatus.STREAMING, 6))
    assert await _intervals(clinic) == [
        ("lobby-1", "streaming", 5, 5),
        ("lobby-1", "stalled", 5, 6),
        ("lobby-1", "streaming", 6, None),
    ]


async def test_a_removed_camera_has_no_open_interval(clinic: Clinic) -> None:
    uptime = CameraUptime(clinic.database.postgres, SITE.id)
    await uptime.record(_state(CameraStatus.DISABLED, 0))
    await uptime.record(_state(CameraStatus.DEGRADED, 0, "dark", camera="lobby-2"))
    await uptime.end("lobby-1", NOW + timedelta(minutes=4))
    await uptime.end("lobby-1", NOW + timedelta(minutes=5))
    assert await _intervals(clinic) == [
        ("lobby-1", "disabled", 0, 4),
        ("lobby-2", "degraded", 0, None),
    ]


async def test_changes_at_once_leave_one_open(clinic: Clinic) -> None:
    uptime = CameraUptime(clinic.database.postgres, SITE.id)
    await asyncio.gather(
        *(uptime.record(_state(CameraStatus.DOWN, n, f"reason {n}")) for n in range(20))
    )
    intervals = await _intervals(clinic)
    assert len(intervals) == 20
    assert sum(end is None for *_, end in intervals) == 1


async def test_open_intervals_are_the_present_state(clinic: Clinic) -> None:
    uptime = CameraUptime(clinic.database.postgres, SITE.id)
    assert await uptime.open_intervals() == []
    await uptime.record(_state(CameraStatus.STREAMING, 0, camera="lobby-2"))
    await uptime.record(_state(CameraStatus.STARTING, 0))
    await uptime.record(_state(CameraStatus.DOWN, 3, "refused"))
    await uptime.heartbeat(NOW + timedelta(minutes=5))
    first, second = await uptime.open_intervals()
    assert (first.camera_id, first.status, first.reason) == (
        "lobby-1",
        CameraStatus.DOWN,
        "refused",
    )
    assert (first.since, first.last_seen_at) == (
        NOW + timedelta(minutes=3),
        NOW + timedelta(minutes=5),
    )
    assert second.camera_id == "lobby-2"
    await uptime.close(NOW + timedelta(minutes=6))
    assert await uptime.open_intervals() == []
