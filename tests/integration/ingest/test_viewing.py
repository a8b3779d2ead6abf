"""Looking at a camera: real decoder processes, a simulated camera, packets decoded again."""

import asyncio
import hashlib
import os
import signal
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import av
import pytest

from streamer.cameras.view_tester import look
from streamer.clock import SystemClock
from streamer.domain.camera_state import CameraStatus
from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.viewability import Viewability
from streamer.errors import InputError
from streamer.ingest import live_view
from streamer.ingest.packet_subscription import PacketSubscription
from streamer.simulator.faults.catalogue import parse_faults
from streamer.simulator.server import CameraSimulator
from tests.integration.cameras.service import serving
from tests.integration.ingest.watching import (
    alive,
    camera,
    children,
    descriptors,
    until,
    watching,
)
from tests.video import VideoCodec, make_video

SIZE = (320, 240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video")
    make_video(path / "main.mp4", size=SIZE, seconds=4, gop=25)
    make_video(path / "small.mp4", seconds=4, gop=25)
    return path


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_view, "LINGER_S", 0.2)


async def take(
    viewer: PacketSubscription, count: int, timeout_s: float = 10
) -> list[EncodedPacket]:
    async with asyncio.timeout(timeout_s):
        return [await anext(viewer) for _ in range(count)]


def pictures(packets: Sequence[EncodedPacket]) -> list[str]:
    """A fingerprint of every picture in the packets."""
    context = av.CodecContext.create(packets[0].format.codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    units = [av.Packet(one.data) for one in packets]
    frames = [frame for unit in units for frame in context.decode(unit)]
    frames += context.decode(None)
    return [fingerprint(frame) for frame in frames]


def fingerprint(frame: av.VideoFrame) -> str:
    return hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest()


def of_file(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [fingerprint(frame) for frame in container.decode(video=0)]


def test_pictures_of_a_file_differ(folder: Path) -> None:
    """What the next test rests on."""
    assert len(set(of_file(folder / "main.mp4"))) == 100


async def test_what_a_viewer_gets_decodes_to_the_cameras_own_pictures(folder: Path) -> None:
    async with (
        CameraSimulator([folder / "main.mp4"], port=0, loop=True) as source,
        watching(camera(source.url)) as watch,
    ):
        await watch.until_frames(3)
        with watch.view.subscribe() as viewer, watch.view.subscribe() as other:
            packets = await take(viewer, 40)
            assert (await take(other, 40)) == packets
            assert source.clients == len(children()) == 1
            state = watch.view.state
        first = packets[0]
        assert (first.camera_id, first.connection, first.is_keyframe) == ("lobby-1", 0, True)
        assert first.format.viewability is Viewability.AS_IS
        assert (first.format.width, first.format.height) == SIZE
        assert first.data.startswith(first.format.parameter_sets)
        assert all(b.pts - a.pts == 3600 for a, b in pairwise(packets))
        assert [one.sequence for one in packets] == list(range(40))
        assert all(a.received_at <= b.received_at for a, b in pairwise(packets))
        whole = of_file(folder / "main.mp4") * 2
        seen = pictures(packets)
        begin = whole.index(seen[0])
        assert begin % 25 == 0
        assert seen == whole[begin : begin + 40]
        assert (state.stream, state.viewers, state.dropped) == ("main stream", 2, 0)
        assert 20 < state.fps < 35
        await until(lambda: watch.view.state.viewers == 0)
        assert watch.status is CameraStatus.STREAMING


async def test_the_sub_stream_is_connected_to_while_somebody_looks_and_leaves_nothing(
    folder: Path,
) -> None:
    clips = [folder / "main.mp4", folder / "small.mp4"]
    async with CameraSimulator(clips, port=0, loop=True) as source:
        base = source.url.rpartition("/")[0]
        asked = camera(f"{base}/main", view_url=f"{base}/small")
        async with watching(asked) as watch:
            await watch.until_frames(2)
            running, open_files = children(), descriptors()
            for _ in range(2):
                with watch.view.subscribe() as viewer:
                    packets = await take(viewer, 10)
                    assert (packets[0].format.width, packets[0].format.height) == (160, 120)
                    assert pictures(packets) == of_file(folder / "small.mp4")[:10]
                    assert source.clients == len(children()) == 2
                    assert watch.supervisor.state.decoding.startswith("h264 320x240")
                # Fewer: what an earlier test left may be closed only meanwhile.
                await until(lambda: children() == running and descriptors() <= open_files, 15)
                await until(lambda: source.clients == 1)
            assert watch.supervisor.state.restarts == 0
        assert children() == set()


@pytest.mark.parametrize("sub", [False, True], ids=["main stream", "sub-stream"])
async def test_a_camera_that_is_cut_off_comes_back_to_those_who_look(
    folder: Path, sub: bool
) -> None:
    clip = folder / "small.mp4"
    async with CameraSimulator([clip], port=0, loop=True) as source:
        url, port = source.url, int(source.url.split(":")[2].split("/")[0])
        asked = camera(url, **({"view_url": url} if sub else {}))
        async with watching(asked) as watch:
            with watch.view.subscribe() as viewer:
                await take(viewer, 5)
                await source.stop()
                await until(lambda: watch.view.state.reason != "")
                async with CameraSimulator([clip], port=port, loop=True):
                    later = [one for one in await take(viewer, 60, 20) if one.connection > 0]
                    assert later[0].is_keyframe
                    assert pictures(later) == of_file(clip)[: len(later)]
                    assert viewer.dropped == 0


async def test_a_killed_process_is_replaced_and_viewers_go_on(folder: Path) -> None:
    async with (
        CameraSimulator([folder / "small.mp4"], port=0, loop=True) as source,
        watching(camera(source.url, view_url=source.url)) as watch,
    ):
        with watch.view.subscribe() as viewer:
            packets = await take(viewer, 2)
            await until(lambda: len(watch.decoders) == 2)
            forwarder = watch.decoders[-1].pid
            assert forwarder is not None
            os.kill(forwarder, signal.SIGKILL)
            packets += await take(viewer, 40)
            assert {one.connection for one in packets} == {0, 1}
        assert not alive(forwarder)
        assert watch.supervisor.state.restarts == 0


async def test_who_is_stuck_holds_up_neither_faces_nor_other_viewers(folder: Path) -> None:
    async with (
        CameraSimulator([folder / "small.mp4"], port=0, loop=True) as source,
        watching(camera(source.url, analyse_fps=10)) as watch,
    ):
        await watch.until_frames(1)
        with watch.view.subscribe() as stuck, watch.view.subscribe() as quick:
            await take(stuck, 1)
            packets = await take(quick, 100)
            assert [one.sequence for one in packets] == list(range(100))
            assert stuck.dropped > 25
            late = await take(stuck, 3)
            assert late[0].is_keyframe
            assert late[0].sequence == stuck.dropped + 1
            assert quick.dropped == 0
            assert watch.view.state.dropped == stuck.dropped
        assert len(watch.frames) > 10
        assert watch.supervisor.state.dropped <= 3


async def test_a_service_that_does_not_read_stops_no_decoding(tmp_path: Path) -> None:
    """The pipe fills with huge pictures; what is lost is whole GOPs, and counted."""
    make_video(tmp_path / "noise.mp4", size=(800, 600), seconds=2, noise=True, gop=5)
    async with (
        CameraSimulator([tmp_path / "noise.mp4"], port=0, loop=True) as source,
        watching(camera(source.url, analyse_fps=10)) as watch,
    ):
        await watch.until_frames(1)
        with watch.view.subscribe() as viewer:
            await take(viewer, 1)
            pipe = watch.decoders[0]._pipe
            assert pipe is not None
            assert pipe._descriptor is not None
            loop = asyncio.get_running_loop()
            loop.remove_reader(pipe._descriptor)
            frames = len(watch.frames)
            await asyncio.sleep(2.5)
            assert len(watch.frames) - frames > 10
            loop.add_reader(pipe._descriptor, pipe._read, pipe._descriptor)
            packets = await take(viewer, 60)
            gaps = [b for a, b in pairwise(packets) if b.sequence != a.sequence + 1]
            assert gaps
            assert all(one.is_keyframe for one in gaps)
            assert watch.view.state.dropped > 0
        assert watch.supervisor.state.restarts == 0


@pytest.mark.parametrize(
    ("codec", "b_frames", "fault", "viewability", "by_arrival", "sub"),
    [
        ("libx265", 0, "", Viewability.CODEC, False, True),
        ("libx264", 2, "", Viewability.B_FRAMES, False, False),
        ("libx264", 0, "mjpeg", Viewability.CODEC, False, False),
        ("libx264", 0, "timestamps=missing", Viewability.AS_IS, True, True),
        ("libx264", 0, "timestamps=backwards", Viewability.AS_IS, True, False),
    ],
)
async def test_what_keeps_a_stream_from_being_shown_is_said(
    tmp_path: Path,
    codec: VideoCodec,
    b_frames: int,
    fault: str,
    viewability: Viewability,
    by_arrival: bool,
    sub: bool,
) -> None:
    make_video(tmp_path / "a.mp4", codec, seconds=2, b_frames=b_frames)
    async with CameraSimulator([tmp_path / "a.mp4"], port=0, loop=True) as source:
        await source.set_faults(parse_faults([fault] if fault else ()))
        async with watching(
            camera(source.url, **({"view_url": source.url} if sub else {}))
        ) as watch:
            with watch.view.subscribe() as viewer:
                packets = await take(viewer, 30, 20)
    assert packets[-1].format.viewability is viewability
    assert packets[-1].format.timed_by_arrival is by_arrival
    assert packets[0].is_keyframe
    assert len(pictures(packets)) == 30
    if viewability is Viewability.AS_IS:
        assert all(a.pts < b.pts for a, b in pairwise(packets))


async def test_where_only_keyframes_are_decoded_a_viewer_still_sees_all(folder: Path) -> None:
    make_video(folder / "idle.mp4", seconds=8, gop=10)
    async with (
        CameraSimulator([folder / "idle.mp4"], port=0, loop=True) as source,
        watching(camera(source.url)) as watch,
    ):
        watch.supervisor.pace(5, keyframes_only=True)
        await until(lambda: watch.supervisor.state.reason == "keyframes only", 15)
        with watch.view.subscribe() as viewer:
            packets = await take(viewer, 30)
            assert [one.sequence for one in packets] == list(range(30))
            assert len(pictures(packets)) == 30


async def test_who_looks_is_told_when_the_camera_is_removed_or_switched_off(folder: Path) -> None:
    async with (
        CameraSimulator([folder / "small.mp4"], port=0, loop=True) as source,
        serving() as service,
    ):
        one, two = (camera(source.url, id=name, view_url=source.url) for name in ("a", "b"))
        await service.cameras.apply([one, two])
        with (
            service.cameras.view("a").subscribe() as first,
            service.cameras.view("b").subscribe() as second,
        ):
            await take(first, 2)
            await take(second, 2)
            off = camera(source.url, id="b", enabled=False)
            await service.cameras.apply([off])
            async with asyncio.timeout(1):
                assert [packet async for packet in first] == []
                assert [packet async for packet in second] == []
        assert children() == set()
        with pytest.raises(InputError, match="no camera of this name"):
            service.cameras.view("a")
        with pytest.raises(InputError, match="switched off in the settings"):
            service.cameras.view("b")


async def test_a_look_says_what_a_viewer_would_get(folder: Path) -> None:
    clock = SystemClock()
    async with (
        CameraSimulator([folder / "main.mp4"], port=0, loop=True) as source,
        watching(camera(source.url)) as watch,
    ):
        await watch.until_frames(2)
        seen = await look("lobby-1", watch.view, 2.5, clock)
        for seconds in (0, -1, 21, float("nan")):
            with pytest.raises(InputError, match="seconds"):
                await look("lobby-1", watch.view, seconds, clock)
        assert watch.view.state.viewers == 0
    assert (seen.codec, seen.width, seen.height) == ("h264", *SIZE)
    assert seen.viewability is Viewability.AS_IS
    assert seen.first_packet_s is not None
    assert seen.first_packet_s < 0.5
    assert seen.keyframe_interval_s == pytest.approx(1, abs=0.3)
    assert seen.fps == pytest.approx(25, abs=3)
    assert seen.keyframes >= 2
    assert (seen.dropped, seen.connections, seen.reason) == (0, 1, "")


async def test_a_look_at_a_camera_that_is_away_says_why() -> None:
    asked = camera("rtsp://127.0.0.1:9/x", view_url="rtsp://viewer:geheim@127.0.0.1:9/y")
    async with watching(asked) as watch:
        seen = await look("lobby-1", watch.view, 1.5, SystemClock())
    assert seen.first_packet_s is None
    assert seen.packets == seen.connections == 0
    assert "refused" in seen.reason
    assert "geheim" not in repr(seen)
