"""Pictures that browsers can't show, encoded anew in a process that may do nothing else."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from av.bitstream import BitStreamFilterContext
from av.video.stream import VideoStream

from streamer.bench.process_usage import descendants
from streamer.domain.encoded_packet import EncodedPacket
from streamer.domain.stream_format import StreamFormat
from streamer.domain.viewability import Viewability
from streamer.ingest import transcoding
from streamer.ingest.transcoding import PacketTranscoding
from tests.integration.ingest.watching import until
from tests.video import make_video


@dataclass(frozen=True)
class Sent:
    pts: int
    is_keyframe: bool
    data: bytes


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[StreamFormat, list[Sent]]:
    """Two seconds with B-frames."""
    path = tmp_path_factory.mktemp("clip") / "b.mkv"
    make_video(path, size=(320, 240), seconds=2, b_frames=2)
    sent = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert isinstance(stream, VideoStream)
        annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        base = stream.time_base
        assert base is not None
        for packet in container.demux(stream):
            for one in annex_b.filter(packet):
                if one.size and one.pts is not None:
                    sent.append(Sent(one.pts, one.is_keyframe, bytes(one)))
    return StreamFormat("h264", 320, 240, base, Viewability.B_FRAMES), sent


def packets(clip: tuple[StreamFormat, list[Sent]], connection: int = 0) -> Iterator[EncodedPacket]:
    given, sent = clip
    for number, one in enumerate(sent):
        yield EncodedPacket(
            *("lobby", number, connection, time.monotonic(), datetime.now(UTC)),
            *(one.pts, None, one.is_keyframe, given, one.data),
        )


def status_of(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text(encoding="ascii")


async def test_it_is_confined_and_comes_back_after_it_was_killed(
    clip: tuple[StreamFormat, list[Sent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcoding, "_AGAIN_S", 0.0)
    made: list[EncodedPacket] = []
    before = set(descendants(os.getpid()))
    one = PacketTranscoding("lobby", made.append)
    try:
        for packet in packets(clip):
            one.put(packet)
            await asyncio.sleep(0.01)
        await until(lambda: len(made) > 5, 20)
        assert made[0].is_keyframe
        assert {two.format.viewability for two in made} == {Viewability.AS_IS}
        assert [two.pts for two in made] == sorted({two.pts for two in made})
        (pid,) = set(descendants(os.getpid())) - before
        status = status_of(pid)
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
        os.kill(pid, signal.SIGKILL)
        count = len(made)
        async with asyncio.timeout(20):
            while len(made) < count + 5:
                for packet in packets(clip, 1):
                    one.put(packet)
                    await asyncio.sleep(0.01)
        assert made[count].is_keyframe
        assert made[count].connection > made[count - 1].connection
    finally:
        await one.stop()
    assert set(descendants(os.getpid())) == before


async def test_what_is_no_video_ends_nothing_but_itself(
    clip: tuple[StreamFormat, list[Sent]],
) -> None:
    made: list[EncodedPacket] = []
    given, _ = clip
    odd = StreamFormat("wrapped_avframe", 0, 0, given.time_base, Viewability.CODEC)
    one = PacketTranscoding("lobby", made.append)
    try:
        for wrong in (given, odd):
            for number in range(20):
                packet = EncodedPacket(
                    *("lobby", number, 0, time.monotonic(), datetime.now(UTC)),
                    *(number, None, True, wrong, os.urandom(2000)),
                )
                one.put(packet)
                await asyncio.sleep(0.01)
        assert made == []
    finally:
        await one.stop()
