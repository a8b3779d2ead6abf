"""How a supervisor connects, notices silence, and tries again."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import SecretStr

from config.settings import Camera
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.ingest.mailbox import LatestFrameMailbox
from streamer.ingest.protocol import Counters, Failure, FailureKind, Opened
from streamer.ingest.supervisor import CameraSupervisor
from tests.fakes.decoder import FakeDecoder, Step, UnstartableDecoder, picture
from tests.unit.ingest.scene import (
    CONDITION,
    DARK,
    DEGRADED,
    DIED,
    DOWN,
    STALLED,
    STARTING,
    STREAMING,
    RecordingClock,
    Scene,
    at,
)


async def test_a_decoder_that_dies_is_started_again_within_a_second() -> None:
    scene = Scene([Opened(), picture(1), picture(6), DIED], [Opened(), picture(1), DIED])
    assert await scene.play() == [
        (STARTING, ""),
        (STREAMING, ""),
        (DOWN, str(DIED)),
        (STREAMING, ""),
        (DOWN, str(DIED)),
        (DOWN, "stopped"),
    ]
    assert scene.clock.slept[0] <= 1
    assert all(decoder.started and decoder.stopped for decoder in scene.decoders)


async def test_counters_go_on_over_restarts_and_sequences_too() -> None:
    scene = Scene(
        [Opened(), picture(1), Counters(decoded=50, corrupt=3, errors=2, dropped=1), DIED],
        [Opened(), picture(1), Counters(decoded=7, corrupt=1), DIED],
    )
    await scene.play()
    state = scene.supervisor.state
    assert (state.decoded, state.corrupt, state.restarts) == (57, 6, 1)
    # One picture was replaced in the mailbox, one found no slot; the last was released at the end.
    assert (state.dropped, state.analysed) == (2, 0)


async def test_a_frame_carries_the_service_clock_less_its_age() -> None:
    scene = Scene([Opened(), picture(1)])
    task = asyncio.create_task(scene.supervisor.run_once(scene.stop))
    began = scene.clock.now(), scene.clock.monotonic()
    frame = await scene.mailbox.get()
    assert frame is not None
    assert frame.captured_at == began[0] - timedelta(seconds=0.25)
    assert frame.received_at == began[1] - 0.25
    assert (frame.camera_id, frame.sequence) == ("lobby-1", 0)
    scene.stop.set()
    assert await task is None


async def test_silence_after_frames_is_a_stall_found_after_the_time_out() -> None:
    scene = Scene([Opened(), picture(1)])
    at = scene.clock.monotonic()
    failure = await scene.supervisor.run_once(scene.stop)
    assert failure == Failure(FailureKind.STALLED, "no frame in 10 s")
    assert 10 <= scene.clock.monotonic() - at <= 10.5
    assert scene.decoders[0].stopped


KEYFRAME = "video arrives but no keyframe in 60 s: set the camera's keyframe interval to 2 s"


@pytest.mark.parametrize(
    ("totals", "text", "takes_s"),
    [
        (lambda n: Counters(decoded=9, corrupt=9), "only damaged frames in 10 s", 10),
        (lambda n: Counters(errors=n, packets=n), "only damaged frames in 10 s", 10),
        (lambda n: Counters(packets=n), KEYFRAME, 60),
        (lambda n: Counters(packets=min(n, 20)), "no frame in 10 s", 30),
        (lambda n: Counters(), "no frame in 10 s", 10),
    ],
    ids=["damaged", "undecodable", "no keyframe", "video ceases", "nothing"],
)
async def test_heartbeats_without_frames_are_a_stall_too(
    totals: Callable[[int], Counters], text: str, takes_s: float
) -> None:
    scene = Scene([])
    scene.scripts[0] = [Opened(), *(at(scene.clock, 1, totals(n)) for n in range(1, 100))]
    began = scene.clock.monotonic()
    failure = await scene.supervisor.run_once(scene.stop)
    assert failure == Failure(FailureKind.STALLED, text)
    assert scene.clock.monotonic() - began == takes_s


async def test_a_keyframe_may_come_after_the_time_out() -> None:
    scene = Scene([])
    waits = [at(scene.clock, 1, Counters(packets=n)) for n in range(1, 41)]
    scene.scripts[0] = [Opened(), *waits, picture(1), DIED]
    assert (await scene.play())[1:3] == [(STREAMING, ""), (DOWN, str(DIED))]


async def test_no_answer_is_unreachable() -> None:
    scene = Scene([])
    assert await scene.play() == [
        (STARTING, ""),
        (DOWN, "unreachable: no answer in 10 s"),
        (DOWN, "stopped"),
    ]


async def test_a_stalled_camera_says_so_and_since_when() -> None:
    scene = Scene([Opened()], [Opened()], [])
    await scene.play()
    stalled = scene.states[1]
    assert (stalled.status, stalled.reason) == (STALLED, "stalled: no frame in 10 s")
    # The second stall is the same state and is not told again; the last failure is another.
    assert [state.status for state in scene.states] == [STARTING, STALLED, DOWN, DOWN]
    assert scene.states[3].since == scene.states[2].since


async def test_a_new_reason_is_a_change_and_since_stays() -> None:
    scene = Scene([DIED], [Failure(FailureKind.ENDED, "x")], [])
    await scene.play()
    died, ended = scene.states[1:3]
    assert ended.since == died.since == died.changed_at
    assert ended.changed_at is not None
    assert ended.changed_at > ended.since


async def test_a_stall_begins_with_the_last_sound_frame() -> None:
    seen: list[CameraStatus] = []

    class Slow(FakeDecoder):
        async def stop(self, hurry: asyncio.Event) -> None:
            seen.append(scene.states[-1].status)
            scene.clock.advance(5)

    scene = Scene([], kind=Slow)
    scene.scripts[0] = [Opened(), at(scene.clock, 1, picture(1)), at(scene.clock, 1, picture(2))]
    began = scene.clock.now()
    await scene.play()
    streaming, stalled = scene.states[1:3]
    assert (streaming.changed_at, stalled.status) == (began + timedelta(seconds=1), STALLED)
    assert stalled.changed_at == stalled.since == began + timedelta(seconds=2)
    # Nobody waits with the news for a process that is slow to end.
    assert seen == [STALLED]


async def test_waiting_for_frames_proves_no_health() -> None:
    def stalls() -> list[Step]:
        return [Opened(), picture(1), at(scene.clock, 1, picture(2))]

    scene = Scene([], [], [], [], [])
    scene.scripts[:] = [stalls() for _ in range(5)]
    await scene.play()
    # Three seconds of frames would have kept it at four.
    assert scene.clock.slept[4] > 4


async def test_a_change_is_never_before_the_one_before_it() -> None:
    scene = Scene([])
    scene.scripts[0] = [Opened(), DARK, picture(1), at(scene.clock, 6, CONDITION)]
    await scene.play()
    changes = [state.changed_at or state.since for state in scene.states]
    assert [state.status for state in scene.states[1:4]] == [DEGRADED, STREAMING, STALLED]
    assert changes == sorted(changes)


async def test_frames_clear_the_reason() -> None:
    scene = Scene([Failure(FailureKind.ENDED, "x")], [Opened(), picture(1), DIED])
    states = await scene.play()
    assert states[1:3] == [(DOWN, "ended: x"), (STREAMING, "")]


async def test_refused_credentials_wait_a_minute() -> None:
    scene = Scene([Failure(FailureKind.UNAUTHORIZED, "no")], [])
    await scene.play()
    assert 54 <= scene.clock.slept[0] <= 60


async def test_a_process_that_cannot_start_is_a_reason_like_any_other() -> None:
    scene = Scene([], kind=UnstartableDecoder)
    states = await scene.play()
    assert (DOWN, "decoder_not_started: Too many open files") in states
    assert scene.decoders[0].stopped


async def test_a_url_that_cannot_be_read_is_a_reason_and_no_crash() -> None:
    stop = asyncio.Event()
    states: list[CameraState] = []
    supervisor = CameraSupervisor(
        Camera(id="a", url=SecretStr("rtsp://viewer:ge heim@10.0.0.5/1")),
        RecordingClock(stop, 1),
        LatestFrameMailbox(),
        states.append,
    )
    await supervisor.run(stop)
    assert states[1].status is DOWN
    assert "heim" not in states[1].reason


async def test_stop_before_start_starts_nothing() -> None:
    scene = Scene([])
    scene.stop.set()
    await scene.play()
    assert scene.decoders == []


async def test_the_end_closes_the_mailbox_and_gives_the_frame_back() -> None:
    released: list[bool] = []
    scene = Scene([Opened(), picture(1, lambda: released.append(True)), DIED])
    await scene.play()
    assert released == [True]
    assert await scene.mailbox.get() is None


@pytest.mark.parametrize("moment", [0, 1, 3, 10])
async def test_a_cancelled_run_stops_its_decoder(moment: int) -> None:
    scene = Scene([Opened(), *(picture(n) for n in range(1, 100))])
    task = asyncio.create_task(scene.supervisor.run(scene.stop))
    for _ in range(moment):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert all(decoder.stopped for decoder in scene.decoders)


async def test_the_request_tells_the_decoder_what_it_needs() -> None:
    scene = Scene([])
    await scene.play()
    request = scene.requests[0]
    assert request.address == "rtsp://viewer:geheim@10.0.0.5:554/1"
    assert "geheim" in request.secrets
    assert (request.transport, request.analyse_fps) == ("tcp", 5)
