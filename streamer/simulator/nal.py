"""NAL units: cutting a packet into them and telling them apart. Pure; used by `video_file`.

H.264: ITU-T H.264 section 7.3.1 and annex B; `avcC`: ISO/IEC 14496-15 section 5.3.3.
H.265: ITU-T H.265 section 7.3.1 and annex B; `hvcC`: ISO/IEC 14496-15 section 8.3.3.
"""

import re

from streamer.simulator.codec import Codec
from streamer.simulator.parameter_sets import ParameterSets

_START_CODE = re.compile(rb"\x00\x00\x01")

_H264_IDR, _H264_SPS, _H264_PPS, _H264_AUD = 5, 7, 8, 9
_H265_VPS, _H265_SPS, _H265_PPS, _H265_AUD = 32, 33, 34, 35
_H265_FIRST_IRAP, _H265_LAST_IRAP = 16, 21


def nal_type(codec: Codec, nal: bytes) -> int:
    """The `nal_unit_type` of a unit, which must not be empty."""
    return nal[0] & 0x1F if codec is Codec.H264 else (nal[0] >> 1) & 0x3F


def is_sendable(codec: Codec, nal: bytes) -> bool:
    """Whether the unit is one that RTP can carry as itself.

    The types above are taken by the payload formats; unit types 0 and the unspecified ones mean
    nothing to a decoder.
    """
    if codec is Codec.H264:
        return len(nal) >= 1 and 1 <= nal_type(codec, nal) <= 23
    return len(nal) >= 2 and nal_type(codec, nal) <= 47


def is_random_access(codec: Codec, nals: tuple[bytes, ...]) -> bool:
    """Whether a decoder can start at this access unit (H.264 IDR, H.265 IRAP)."""
    types = [nal_type(codec, nal) for nal in nals]
    if codec is Codec.H264:
        return _H264_IDR in types
    return any(_H265_FIRST_IRAP <= kind <= _H265_LAST_IRAP for kind in types)


def is_delimiter(codec: Codec, nal: bytes) -> bool:
    """Whether the unit is an access unit delimiter, which must stay the first of its picture."""
    return nal_type(codec, nal) == (_H264_AUD if codec is Codec.H264 else _H265_AUD)


def split_annex_b(data: bytes) -> tuple[bytes, ...]:
    """Cut a byte stream with start codes; what precedes the first start code is dropped."""
    pieces = _START_CODE.split(data)[1:]
    # A start code may be four bytes long and zeros may trail: none of them belongs to a unit,
    # which always ends in a bit that is set.
    return tuple(unit for piece in pieces if (unit := piece.rstrip(b"\x00")))


def split_length_prefixed(data: bytes, length_size: int) -> tuple[bytes, ...]:
    """Cut a packet of an MP4 or Matroska file; a unit that is cut short ends the packet."""
    units: list[bytes] = []
    position = 0
    while position + length_size <= len(data):
        length = int.from_bytes(data[position : position + length_size], "big")
        position += length_size
        if length > len(data) - position:
            break
        if length:
            units.append(data[position : position + length])
        position += length
    return tuple(units)


def parameter_sets_of(codec: Codec, nals: tuple[bytes, ...]) -> ParameterSets:
    """The parameter sets among the units, in order."""
    kinds: tuple[int | None, int, int] = (
        (None, _H264_SPS, _H264_PPS) if codec is Codec.H264 else (_H265_VPS, _H265_SPS, _H265_PPS)
    )
    vps, sps, pps = (tuple(nal for nal in nals if nal_type(codec, nal) == kind) for kind in kinds)
    return ParameterSets(vps=vps, sps=sps, pps=pps)


def read_extradata(codec: Codec, extradata: bytes) -> tuple[int | None, ParameterSets]:
    """Read what a container says about its video track.

    Returns:
        The size in bytes of the length before each unit, or None where the packets have start
        codes instead; and the parameter sets. Damaged extradata gives what could be read.
    """
    if not extradata or extradata[0] != 1:
        return None, parameter_sets_of(codec, split_annex_b(extradata))
    units = _avcc_units(extradata) if codec is Codec.H264 else _hvcc_units(extradata)
    position = 4 if codec is Codec.H264 else 21
    length_size = (extradata[position] & 3) + 1 if len(extradata) > position else 4
    usable = tuple(unit for unit in units if is_sendable(codec, unit))
    return length_size, parameter_sets_of(codec, usable)


def _avcc_units(data: bytes) -> list[bytes]:
    units: list[bytes] = []
    position = 5
    for mask in (0x1F, 0xFF):
        if position >= len(data):
            break
        count, position = data[position] & mask, position + 1
        position = _take(data, position, count, units)
    return units


def _hvcc_units(data: bytes) -> list[bytes]:
    units: list[bytes] = []
    if len(data) < 23:
        return units
    arrays, position = data[22], 23
    for _ in range(arrays):
        if position + 3 > len(data):
            break
        count = int.from_bytes(data[position + 1 : position + 3], "big")
        position = _take(data, position + 3, count, units)
    return units


def _take(data: bytes, position: int, count: int, units: list[bytes]) -> int:
    """Read `count` units with a two-byte length each; return where they end."""
    for _ in range(count):
        if position + 2 > len(data):
            return len(data)
        length = int.from_bytes(data[position : position + 2], "big")
        position += 2
        units.append(data[position : position + length])
        position += length
    return position
