import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.simulator.codec import Codec
from streamer.simulator.nal import (
    is_delimiter,
    is_random_access,
    is_sendable,
    parameter_sets_of,
    read_extradata,
    split_annex_b,
    split_length_prefixed,
)
from streamer.simulator.parameter_sets import ParameterSets
from tests.fuzz_seeds import fuzz_seeds

SPS, PPS, IDR, SLICE, DELIMITER = b"\x67abc", b"\x68de", b"\x65fgh", b"\x41ij", b"\x09\xf0"
VPS5, SPS5, PPS5, IDR5 = b"\x40\x01a", b"\x42\x01b", b"\x44\x01c", b"\x26\x01d"

units = st.lists(
    # A unit holds no start code and ends in a bit that is set.
    st.binary(min_size=1, max_size=40).map(lambda data: data.replace(b"\0", b"\1")),
    max_size=6,
)


@given(units, st.sampled_from([b"\0\0\1", b"\0\0\0\1"]))
def test_a_byte_stream_is_cut_at_its_start_codes(nals: list[bytes], code: bytes) -> None:
    assert split_annex_b(b"".join(code + nal for nal in nals)) == tuple(nals)


def test_what_surrounds_units_of_a_byte_stream_is_dropped() -> None:
    assert split_annex_b(b"junk\0\0\1" + SPS + b"\0\0\0\0\0\1\0\0\1" + PPS + b"\0") == (SPS, PPS)


@given(units, st.sampled_from([1, 2, 4]))
def test_a_packet_with_lengths_is_cut(nals: list[bytes], size: int) -> None:
    packet = b"".join(len(nal).to_bytes(size, "big") + nal for nal in nals)
    assert split_length_prefixed(packet, size) == tuple(nals)


def test_a_unit_that_is_cut_short_ends_the_packet() -> None:
    assert split_length_prefixed(b"\0\0\0\1a\0\0\0\0\0\0\0\5bc", 4) == (b"a",)


def test_kinds_of_units() -> None:
    assert is_random_access(Codec.H264, (SPS, PPS, IDR))
    assert not is_random_access(Codec.H264, (SLICE,))
    assert is_random_access(Codec.H265, (IDR5,))
    assert not is_random_access(Codec.H265, (VPS5, SPS5, PPS5))
    assert is_delimiter(Codec.H264, DELIMITER)
    assert not is_delimiter(Codec.H264, SPS)
    assert parameter_sets_of(Codec.H265, (VPS5, SPS5, PPS5, IDR5)) == ParameterSets(
        (VPS5,), (SPS5,), (PPS5,)
    )


@pytest.mark.parametrize(
    ("codec", "nal", "sendable"),
    [
        (Codec.H264, b"", False),
        (Codec.H264, b"\x00x", False),
        (Codec.H264, b"\x7cx", False),  # the type FU-A uses
        (Codec.H264, IDR, True),
        (Codec.H265, b"\x26", False),
        (Codec.H265, b"\x62\x01", False),  # the type fragmentation units use
        (Codec.H265, IDR5, True),
    ],
)
def test_only_real_units_are_sent(codec: Codec, nal: bytes, sendable: bool) -> None:
    assert is_sendable(codec, nal) is sendable


def test_avcc_is_read() -> None:
    data = (
        b"\1\x64\0\x1e\xff\xe1"
        + len(SPS).to_bytes(2, "big")
        + SPS
        + b"\1"
        + len(PPS).to_bytes(2, "big")
        + PPS
    )
    assert read_extradata(Codec.H264, data) == (4, ParameterSets(sps=(SPS,), pps=(PPS,)))
    assert read_extradata(Codec.H264, data.replace(b"\xff\xe1", b"\xfd\xe1"))[0] == 2


def test_hvcc_is_read() -> None:
    arrays = b"".join(
        bytes([kind]) + b"\0\1" + len(nal).to_bytes(2, "big") + nal
        for kind, nal in ((32, VPS5), (33, SPS5), (34, PPS5))
    )
    data = b"\1" + bytes(20) + b"\3\3" + arrays
    expected = ParameterSets((VPS5,), (SPS5,), (PPS5,))
    assert read_extradata(Codec.H265, data) == (4, expected)


def test_a_byte_streams_extradata_is_read() -> None:
    data = b"\0\0\0\1" + SPS + b"\0\0\1" + PPS
    assert read_extradata(Codec.H264, data) == (None, ParameterSets(sps=(SPS,), pps=(PPS,)))
    assert read_extradata(Codec.H264, b"") == (None, ParameterSets())


@given(st.sampled_from(Codec), st.binary(max_size=80))
def test_no_bytes_crash_the_readers(codec: Codec, data: bytes) -> None:
    for extradata in (data, b"\1" + data, b"\1" + bytes(21) + data):
        read_extradata(codec, extradata)
    for size in (1, 2, 3, 4):
        nals = [nal for nal in split_length_prefixed(data, size) if is_sendable(codec, nal)]
        parameter_sets_of(codec, tuple(nals))


def test_no_fuzz_seed_crashes_the_readers() -> None:
    for seed in fuzz_seeds("format-rtph26"):
        for codec in Codec:
            read_extradata(codec, b"\1" + seed)
            nals = [nal for nal in split_annex_b(b"\0\0\1" + seed) if is_sendable(codec, nal)]
            is_random_access(codec, tuple(nals))
            parameter_sets_of(codec, tuple(nals))


def test_missing_parameter_sets_are_found() -> None:
    known = ParameterSets(sps=(SPS,), pps=(PPS,))
    assert known.missing_from(ParameterSets()) == (SPS, PPS)
    assert known.missing_from(ParameterSets(sps=(b"\x67new",))) == (PPS,)
    assert known.missing_from(known) == ()
    newer = known.updated(ParameterSets(sps=(b"\x67new",)))
    assert newer == ParameterSets(sps=(b"\x67new",), pps=(PPS,))
