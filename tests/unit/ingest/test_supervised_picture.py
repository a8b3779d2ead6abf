"""What a supervisor makes of what comes: pictures with flaws, pace, hardware, memory."""

import asyncio
from dataclasses import replace

import pytest

from config.settings import Camera
from streamer.domain.camera_state import CameraStatus
from streamer.ingest.condition import Condition, Decoding
from streamer.ingest.decoder_command import Hold, Pace
from streamer.ingest.decoder_process import Received
from streamer.ingest.degradation import DROPPING
from streamer.ingest.protocol import Counters, Failure, FailureKind, Opened, Reference
from tests.fakes.decoder import Step, picture
from tests.unit.ingest.scene import (
    CAMERA,
    CONDITION,
    CUDA,
    DARK,
    DEGRADED,
    DIED,
    DOWN,
    STARTING,
    STREAMING,
    Scene,
    at,
)


async def test_the_reference_of_one_connection_goes_to_the_next() -> None:
    reference = Reference(bytes(576))
    scene = Scene([Opened(), reference, picture(1), DIED], [Opened(), picture(1), DIED])
    await scene.play()
    assert [request.reference for request in scene.requests] == [b"", reference.luma]


async def test_a_hold_reaches_the_decoder_that_runs_and_nobody_else() -> None:
    scene = Scene([Opened(), lambda: scene.supervisor.hold(5.0)])
    scene.supervisor.hold(1.0)
    await scene.play()
    scene.supervisor.hold(2.0)
    assert scene.decoders[0].told == [Hold(5.5)]


async def test_a_hold_is_said_again_only_when_the_last_one_is_too_short() -> None:
    scene = Scene([])

    def follow() -> None:
        scene.clock.advance(0.2)
        scene.supervisor.hold(3.0)

    scene.scripts[0] = [Opened(), *[follow] * 7]
    await scene.play()
    assert scene.decoders[0].told == [Hold(3.5)] * 3


async def test_a_dark_picture_is_degraded_until_there_is_light() -> None:
    scene = Scene([])
    scene.scripts[0] = [
        *(Opened(), CONDITION, picture(1), DARK, picture(2)),
        *(at(scene.clock, 6, CONDITION), picture(3), DIED),
    ]
    assert (await scene.play())[1:5] == [
        (STREAMING, ""),
        (DEGRADED, "dark"),
        (STREAMING, ""),
        (DOWN, str(DIED)),
    ]


async def test_what_is_wrong_with_the_picture_ends_with_the_connection() -> None:
    scene = Scene([Opened(), DARK, picture(1), DIED], [Opened(), picture(1), DIED])
    assert (await scene.play())[1:4] == [
        (DEGRADED, "dark"),
        (DOWN, str(DIED)),
        (STREAMING, ""),
    ]


async def test_frames_that_nobody_takes_make_a_camera_degraded() -> None:
    scene = Scene([])
    frames = [at(scene.clock, 0.5, picture(n)) for n in range(1, 60)]
    scene.scripts[0] = [Opened(), *frames, DIED]
    assert (DEGRADED, DROPPING) in await scene.play()


async def test_a_pace_holds_over_reconnections_and_is_said() -> None:
    only = replace(CONDITION, keyframes_only=True)
    scene = Scene([Opened(), only, picture(1), DIED], [Opened(), picture(1), DIED])
    scene.supervisor.pace(2.5, keyframes_only=True)
    states = await scene.play()
    # Only where the decoder does so: it declines where keyframes are too rare.
    assert states[1] == (DEGRADED, "keyframes only")
    assert states[3] == (STREAMING, "")
    assert [request.analyse_fps for request in scene.requests] == [2.5, 2.5]
    assert [decoder.told for decoder in scene.decoders] == [[Pace(2.5, keyframes_only=True)]] * 2
    told = "analysed at 2.5 of 5 frames a second: the machine is short"
    assert scene.supervisor.state.remarks == (told,)
    scene.supervisor.pace(5, keyframes_only=False)
    assert not scene.supervisor.state.remarks


async def test_keyframes_because_nobody_moves_are_a_remark_and_no_fault() -> None:
    idle = replace(CONDITION, keyframes_only=True)
    scene = Scene([Opened(), idle, picture(1)])
    task = asyncio.create_task(scene.supervisor.run_once(scene.stop))
    await scene.mailbox.get()
    state = scene.supervisor.state
    assert state.status is STREAMING
    assert state.remarks == ("nobody moves: only keyframes are decoded",)
    assert state.decoding == "h264 640x360, software"
    scene.stop.set()
    await task


@pytest.mark.parametrize(
    ("minutes", "status"), [(2, STARTING), (0.5, DOWN)], ids=["slow leak", "grows at once"]
)
async def test_a_decoder_that_has_grown_is_recycled(minutes: float, status: CameraStatus) -> None:
    def grow() -> Received:
        scene.decoders[0].memory = 300 << 20
        scene.clock.advance(minutes * 60)
        return Counters(decoded=9)

    scene = Scene([Opened(), picture(1), grow], [Opened(), picture(1), DIED])
    states = await scene.play()
    reason = "decoder_recycled: the decoder process had grown to 300 MB, over 256"
    assert states[1:4] == [(STREAMING, ""), (status, reason), (STREAMING, "")]
    assert scene.supervisor.state.recycled == 1
    assert (scene.clock.slept[0] == 0) is (status is STARTING)
    assert scene.decoders[0].stopped


async def test_a_decoder_is_told_what_the_settings_say() -> None:
    scene = Scene([Opened(), DIED])
    await scene.play()
    (asked,) = scene.requests
    assert (asked.hwaccel, asked.motion_gate, asked.idle_after_s) == ("none", True, 180.0)


@pytest.mark.parametrize(
    ("script", "then"),
    [
        ([Opened(), Failure(FailureKind.HARDWARE, "cuda cannot decode this stream")], "none"),
        ([Opened(), DIED], "none"),
        ([Opened(), Counters(packets=1)], "none"),
        ([Opened(), picture(1), DIED], "cuda"),
        ([Opened(), picture(1)], "cuda"),
        ([Opened()], "cuda"),
        ([Failure(FailureKind.UNREACHABLE, "x")], "cuda"),
    ],
    ids=["says so", "crashes", "hangs", "crashed later", "stalled later", "no video", "no camera"],
)
async def test_hardware_that_does_not_work_is_not_asked_again(
    script: list[Step], then: str
) -> None:
    scene = Scene(script, [Opened(), DIED], camera=CUDA)
    await scene.play()
    assert [request.hwaccel for request in scene.requests] == ["cuda", then]


@pytest.mark.parametrize(
    ("camera", "condition", "recycled"),
    [
        (CUDA, replace(CONDITION, decoding=Decoding.CUDA), 0),
        (CUDA, CONDITION, 1),
        (CAMERA, CONDITION, 1),
    ],
    ids=["hardware", "asked for in vain", "software"],
)
async def test_a_driver_may_map_a_gigabyte(
    camera: Camera, condition: Condition, recycled: int
) -> None:
    def grow() -> Received:
        scene.decoders[0].memory = 1 << 30
        scene.clock.advance(8)
        return Counters(decoded=9)

    scene = Scene([Opened(), condition, picture(1), grow], camera=camera)
    await scene.play()
    assert scene.supervisor.state.recycled == recycled
