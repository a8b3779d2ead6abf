"""What an H.264 sequence parameter set and a slice say of themselves. Pure.

ITU-T H.264: 7.3.2.1.1 (sequence parameter set), 7.3.3 (slice header). Used by `packet_inspector`.
"""

from dataclasses import dataclass
from typing import Final

from streamer.ingest.bit_reader import BitReader

IDR: Final = 5
_B_SLICES: Final = (1, 6)
_WITH_CHROMA: Final = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MACROBLOCK_PX: Final = 16
_MOST_CYCLES: Final = 255


@dataclass(frozen=True, slots=True)
class PictureShape:
    """What a sequence parameter set says of the pictures.

    Attributes:
        width: Pixels that are shown.
        height: Pixels that are shown.
        plain: Eight bits and 4:2:0, as browsers take it.
    """

    width: int
    height: int
    plain: bool


def is_b_slice(head: bytes) -> bool:
    """Whether a slice's picture is shown in another order than it came; a NAL unit's first bytes.

    Raises:
        ValueError: It is cut off.
    """
    reader = BitReader(head[1:])
    reader.unsigned()
    return reader.unsigned() in _B_SLICES


def picture_shape(unit: bytes) -> PictureShape:
    """Read a sequence parameter set, without start code.

    Raises:
        ValueError: It is none.
    """
    reader = BitReader(unit[1:])
    profile = reader.bits(8)
    reader.bits(16)
    reader.unsigned()
    chroma, depth = _samples(reader) if profile in _WITH_CHROMA else (1, 8)
    reader.unsigned()
    _skip_picture_order(reader)
    reader.unsigned()
    reader.flag()
    across, down = reader.unsigned() + 1, reader.unsigned() + 1
    fields = 1 if reader.flag() else 2
    if fields == 2:
        reader.flag()
    reader.flag()
    left, right, top, bottom = (
        [reader.unsigned() for _ in range(4)] if reader.flag() else (0, 0, 0, 0)
    )
    unit_x, unit_y = 2 if chroma in (1, 2) else 1, 2 if chroma == 1 else 1
    width = across * _MACROBLOCK_PX - unit_x * (left + right)
    height = (down * _MACROBLOCK_PX - unit_y * (top + bottom)) * fields
    if width <= 0 or height <= 0:
        raise ValueError(f"a picture of {width}x{height}")
    return PictureShape(width, height, plain=chroma == 1 and depth == 8)


def _samples(reader: BitReader) -> tuple[int, int]:
    """Chroma format and the greater bit depth; what follows them is passed over."""
    chroma = reader.unsigned()
    if chroma == 3:
        reader.flag()
    depth = 8 + max(reader.unsigned(), reader.unsigned())
    reader.flag()
    if reader.flag():
        for index in range(12 if chroma == 3 else 8):
            if reader.flag():
                _skip_scaling_list(reader, 16 if index < 6 else 64)
    return chroma, depth


def _skip_scaling_list(reader: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following != 0:
            following = (last + reader.signed()) % 256
        last = following or last


def _skip_picture_order(reader: BitReader) -> None:
    kind = reader.unsigned()
    if kind == 0:
        reader.unsigned()
    elif kind == 1:
        reader.flag()
        reader.signed()
        reader.signed()
        cycles = reader.unsigned()
        if cycles > _MOST_CYCLES:
            raise ValueError("a picture order nobody uses")
        for _ in range(cycles):
            reader.signed()
