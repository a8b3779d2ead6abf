import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.ingest.condition import Condition, Decoding
from streamer.ingest.decoder_command import (
    Command,
    Hold,
    Pace,
    Release,
    Request,
    Stop,
    pack_command,
    parse_command,
)
from streamer.ingest.protocol import (
    MAX_DATAGRAM_BYTES,
    MAX_TEXT_BYTES,
    Counters,
    Failure,
    FailureKind,
    Geometry,
    Opened,
    ProtocolError,
    Reference,
    Report,
    Written,
    pack_report,
    parse_report,
)

u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)
counters = st.builds(Counters, u64, u64, u64, u64, u64)
sides = st.integers(1, 8192)
conditions = st.builds(
    Condition,
    st.sampled_from(Decoding),
    st.from_regex(r"[a-z0-9_]{1,16}", fullmatch=True),
    sides,
    sides,
    st.integers(1, 16),
    *[st.booleans()] * 5,
)
reports = st.one_of(
    st.just(Opened()),
    counters,
    st.builds(Geometry, u32, st.integers(1, 8192), st.integers(1, 5000)),
    st.builds(
        Written,
        u32,
        st.integers(0, 3),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        u64,
        counters,
    ),
    st.builds(
        Failure, st.sampled_from(FailureKind), st.sampled_from(["", "Connection refused", "нет"])
    ),
    conditions,
    st.builds(Reference, st.binary(min_size=576, max_size=576)),
)
REQUEST = Request(
    address="rtsp://viewer:geheim@10.0.0.5/1",
    secrets=("geheim",),
    transport="tcp",
    analyse_fps=5.0,
    connect_timeout_s=10.0,
    read_timeout_s=10.0,
    parent_pid=1,
    hwaccel="auto",
    motion_gate=True,
    idle_after_s=180.0,
    reference=bytes(range(256)),
)
COMMANDS: list[Command] = [REQUEST, Release(2**32 - 1, 3), Stop(), Hold(5.0), Pace(2.5, True)]


@given(reports)
def test_every_report_survives_the_way(report: Report) -> None:
    assert parse_report(pack_report(report)) == report


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_survives_the_way(command: Command) -> None:
    assert parse_command(pack_command(command)) == command


@given(st.binary(max_size=300) | st.binary(min_size=1, max_size=60).map(lambda b: b"\x12" + b))
def test_garbage_is_a_report_or_a_protocol_error_and_nothing_else(data: bytes) -> None:
    try:
        report = parse_report(data)
    except ProtocolError:
        return
    if isinstance(report, Geometry):
        assert report.allowed
    if isinstance(report, Written):
        assert report.slot < 4
        assert report.pts is None or math.isfinite(report.pts)


@given(reports, st.data())
def test_a_cut_or_longer_report_is_refused(report: Report, data: st.DataObject) -> None:
    packed = pack_report(report)
    if isinstance(report, Failure):
        return
    cut = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(ProtocolError):
        parse_report(packed[:cut])
    with pytest.raises(ProtocolError):
        parse_report(packed + b"\0")


@given(st.binary(max_size=100))
def test_garbage_is_no_command(data: bytes) -> None:
    try:
        parse_command(data)
    except ProtocolError:
        return


@pytest.mark.parametrize(
    ("width", "height"), [(0, 480), (640, 0), (8193, 16), (16, 8193), (8192, 8192), (65535, 65535)]
)
def test_an_impossible_size_is_refused(width: int, height: int) -> None:
    with pytest.raises(ProtocolError):
        parse_report(struct.pack("<BIHH", 17, 1, width, height))


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160), (7680, 4320), (2, 2)])
def test_the_sizes_of_cameras_are_allowed(width: int, height: int) -> None:
    geometry = Geometry(1, width, height)
    assert geometry.allowed
    assert geometry.slot_bytes >= width * height * 3
    assert geometry.memory_bytes <= 512 * 1024 * 1024


def test_a_failure_is_one_short_printable_line() -> None:
    text = "a\nb\x1b[31m\0c" + "x" * 10_000
    with pytest.raises(ProtocolError):
        parse_report(b"\x14\x00" + text.encode())
    report = parse_report(pack_report(Failure(FailureKind.OTHER, text)))
    assert isinstance(report, Failure)
    assert report.text.isprintable()
    assert report.text.startswith("a b [31m c")
    assert len(report.text) <= MAX_TEXT_BYTES


def test_infinite_times_are_none() -> None:
    packed = pack_report(Written(1, 0, math.inf, 5, Counters()))
    report = parse_report(packed)
    assert isinstance(report, Written)
    assert report.pts is None


def test_a_request_does_not_print_its_secrets_and_fits_a_datagram() -> None:
    assert "geheim" not in repr(REQUEST)
    assert len(pack_command(REQUEST)) < MAX_DATAGRAM_BYTES


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (1, 0x20),  # a flag nobody knows
        (2, 3),  # a way of decoding nobody knows
        (4, 0x21),  # wider than a picture may be
        (7, 0),  # no bits
        (7, 17),
        (8, ord("H")),
        (8, 0),  # no codec
        (10, 0),  # a name with a hole
        (10, 0x0A),
    ],
)
def test_a_condition_with_one_wrong_byte_is_refused(at: int, value: int) -> None:
    sound = Condition(Decoding.CUDA, "hevc", 1920, 1080, 10)
    packed = bytearray(pack_report(sound))
    assert parse_report(bytes(packed)) == sound
    packed[at] = value
    with pytest.raises(ProtocolError):
        parse_report(bytes(packed))


def test_what_shows_the_scene_is_not_printed() -> None:
    assert "luma" not in repr(Reference(b"x" * 576))
    assert "reference" not in repr(REQUEST)


def test_counters_add_up() -> None:
    one, ten = Counters(1, 2, 3, 4, 5, 6), Counters(10, 10, 10, 10, 10, 10)
    assert one + ten == Counters(11, 12, 13, 14, 15, 16)
