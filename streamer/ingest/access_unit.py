"""The beginning of an encoded picture: its parameter sets and its first slice. Pure.

H.264: ITU-T H.264, 7.3.1 and annex B; H.265: ITU-T H.265, 7.3.1 and annex B. Used by
`packet_inspector`, in the decoder process.
"""

from dataclasses import dataclass
from typing import Final

_START: Final = b"\0\0\1"
_LONG_START: Final = b"\0\0\0\1"
_SLICE_HEAD_BYTES: Final = 16

# By codec: the types of slices, and those of parameter sets, the sequence parameter set first.
_SLICES: Final = {"h264": range(1, 6), "hevc": range(32)}
_SETS: Final = {"h264": (7, 8), "hevc": (33, 34, 32)}


@dataclass(frozen=True, slots=True)
class AccessUnitHead:
    """What stands at the beginning.

    Attributes:
        parameter_sets: In Annex B; empty unless there is a sequence parameter set among them.
        sequence_parameters: That one, without start code.
        slice_type: `nal_unit_type` of the first slice; -1 where there is none.
        slice_head: Its first bytes.
    """

    parameter_sets: bytes = b""
    sequence_parameters: bytes = b""
    slice_type: int = -1
    slice_head: bytes = b""


def read_head(codec: str, data: bytes) -> AccessUnitHead:
    """Read up to the first slice; of other codecs than H.264 and H.265 nothing."""
    if codec not in _SLICES:
        return AccessUnitHead()
    sets, sequence = b"", b""
    kind, head = -1, b""
    at = data.find(_START)
    while 0 <= at < len(data) - len(_START):
        begin = at + len(_START)
        found = _type(codec, data[begin])
        if found in _SLICES[codec]:
            kind, head = found, data[begin : begin + _SLICE_HEAD_BYTES]
            break
        at = data.find(_START, begin)
        if found in _SETS[codec]:
            unit = data[begin : at if at >= 0 else len(data)].rstrip(b"\0")
            sets += _LONG_START + unit
            if found == _SETS[codec][0]:
                sequence = unit
    return AccessUnitHead(sets if sequence else b"", sequence, kind, head)


def _type(codec: str, first: int) -> int:
    return first & 0x1F if codec == "h264" else first >> 1 & 0x3F
