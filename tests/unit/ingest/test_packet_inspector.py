"""What a stream is, read from its packets; the packets are real encoders'."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from streamer.domain.viewability import Viewability
from streamer.ingest.access_unit import read_head
from streamer.ingest.bit_reader import BitReader
from streamer.ingest.h264 import picture_shape
from streamer.ingest.packet_inspector import PacketInspector

_QUICK = {"preset": "ultrafast"}
BASE = Fraction(1, 90_000)


def encoded(
    path: Path,
    size: tuple[int, int] = (320, 240),
    pixel_format: str = "yuv420p",
    codec: str = "libx264",
    options: dict[str, str] | None = None,
) -> list[tuple[bytes, bool]]:
    """Twelve pictures as a camera would send them: Annex B, parameter sets in each keyframe."""
    with av.open(str(path), "w", format="h264" if codec == "libx264" else "hevc") as container:
        stream = container.add_stream(codec, rate=25, options=_QUICK | (options or {}))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, pixel_format
        stream.gop_size = 6
        for index in range(12):
            grey = np.full((size[1], size[0]), 20 * index, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "gray").reformat(format=pixel_format)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        return [(bytes(one), one.is_keyframe) for one in container.demux(video=0) if one.size]


def inspected(packets: list[tuple[bytes, bool]], codec: str = "h264") -> PacketInspector:
    inspector = PacketInspector(codec, (0, 0), BASE, None)
    for data, keyframe in packets:
        assert inspector.see(data, keyframe=keyframe) == data
    return inspector


@pytest.mark.parametrize(
    ("size", "pixel_format", "options", "viewability"),
    [
        ((320, 240), "yuv420p", {"bf": "0"}, Viewability.AS_IS),
        ((1920, 1080), "yuv420p", {"bf": "0", "profile": "high"}, Viewability.AS_IS),
        ((162, 122), "yuv420p", {"bf": "0", "profile": "main"}, Viewability.AS_IS),
        ((320, 240), "yuvj420p", {"bf": "0"}, Viewability.AS_IS),
        ((320, 240), "yuv420p", {"bf": "2"}, Viewability.B_FRAMES),
        ((320, 240), "yuv420p10le", {"bf": "0"}, Viewability.SAMPLES),
        ((322, 242), "yuv422p", {"bf": "0"}, Viewability.SAMPLES),
        ((322, 242), "yuv444p", {"bf": "0"}, Viewability.SAMPLES),
        (
            (320, 240),
            "yuv420p",
            {"bf": "0", "x264-params": "scenecut=0:intra-refresh=1"},
            Viewability.NO_IDR,
        ),
    ],
)
def test_size_and_fitness_are_read_from_the_stream(
    tmp_path: Path,
    size: tuple[int, int],
    pixel_format: str,
    options: dict[str, str],
    viewability: Viewability,
) -> None:
    if viewability is Viewability.B_FRAMES:
        options |= {"x264-params": "bframes=2:b-adapt=0"}
    packets = encoded(tmp_path / "a.264", size, pixel_format, options=options)
    known = inspected(packets).format(timed_by_arrival=False)
    assert (known.width, known.height) == size
    assert known.viewability is viewability
    assert read_head("h264", known.parameter_sets).parameter_sets == known.parameter_sets


def test_a_keyframe_without_parameter_sets_is_given_those_of_the_stream(tmp_path: Path) -> None:
    packets = encoded(tmp_path / "a.264", options={"bf": "0"})
    sets = read_head("h264", packets[0][0]).parameter_sets
    bare = packets[0][0][packets[0][0].index(b"\0\0\1\x65") :]
    inspector = PacketInspector("h264", (0, 0), BASE, sets)
    assert inspector.format(timed_by_arrival=False).width == 320
    assert inspector.see(bare, keyframe=True) == sets + bare
    assert inspector.see(packets[1][0], keyframe=False) == packets[1][0]


def test_new_parameter_sets_are_a_new_format(tmp_path: Path) -> None:
    inspector = inspected(
        encoded(tmp_path / "a.264", options={"x264-params": "bframes=2:b-adapt=0"})
    )
    before = inspector.format(timed_by_arrival=False)
    assert before.viewability is Viewability.B_FRAMES
    (data, _), *_ = encoded(tmp_path / "b.264", (640, 480), options={"bf": "0"})
    inspector.see(data, keyframe=True)
    after = inspector.format(timed_by_arrival=False)
    assert (after.width, after.height, after.viewability) == (640, 480, Viewability.AS_IS)
    assert after.parameter_sets != before.parameter_sets


def test_other_codecs_need_transcoding_and_h265_keeps_its_parameter_sets(tmp_path: Path) -> None:
    options = {"x265-params": "log-level=none"}
    packets = encoded(tmp_path / "a.265", codec="libx265", options=options)
    known = inspected(packets, "hevc").format(timed_by_arrival=False)
    assert known.viewability is Viewability.CODEC
    types = [part[0] >> 1 & 0x3F for part in known.parameter_sets.split(b"\0\0\0\1")[1:]]
    assert types == [32, 33, 34]
    jpeg = PacketInspector("mjpeg", (640, 360), BASE, None)
    assert jpeg.see(b"\xff\xd8", keyframe=True) == b"\xff\xd8"
    assert jpeg.format(timed_by_arrival=False).viewability is Viewability.CODEC


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_what_is_cut_off_or_garbled_is_passed_on_and_no_fault(tmp_path: Path, cut: int) -> None:
    (data, _), *_ = encoded(tmp_path / "a.264", options={"bf": "0"})
    for piece in (data[:cut], data[cut:], bytes(byte ^ 0x55 for byte in data[: cut + 20])):
        PacketInspector("h264", (0, 0), BASE, piece).see(piece, keyframe=True)


def test_exp_golomb() -> None:
    """The table of ITU-T H.264, 9.1."""
    reader = BitReader(0b1_010_011_00100_00101_1_010_011.to_bytes(3, "big"))
    assert [reader.unsigned() for _ in range(5)] == [0, 1, 2, 3, 4]
    assert [reader.signed() for _ in range(3)] == [0, 1, -1]
    with pytest.raises(ValueError, match="cut off"):
        reader.bits(64)


def test_no_parameter_set_is_refused() -> None:
    for unit in (b"", b"\x67", b"\x67" + bytes(50)):
        with pytest.raises(ValueError, match=r"NAL unit|number|picture"):
            picture_shape(unit)
