"""Is a picture dark, covered or blurred? Pure; used in the decoder process by `PictureWatch`.

The limits lie between what every recording at hand shows and what the same recordings show when
darkened, covered or blurred; `docs/design/0008-frames-nobody-needs.md` has the figures.
"""

from operator import mul, sub
from typing import Final

from streamer.ingest.luma import BLOCKS, DETAIL

_DARK: Final = 48
"""Grey value, of 255, that nine tenths of a dark picture stay under."""
_CELL: Final = 4
_FLAT: Final = 10
"""A cell of 4 x 4 blocks whose values differ by less shows nothing."""
_COVERED: Final = 0.8
"""Share of such cells from which on the picture is covered; recordings reach 0.31."""
_SOFT: Final = 0.295
"""Recordings have at least 0.33; blurred by two pixels of 640 at most 0.28; the least is 0.25."""
_DARK_VALUES: Final = bytes(range(_DARK))
_ROWS: Final = 10
_FAR: Final = 4
_CONTRAST: Final = 1.0
"""Without edges of any kind nothing can be said about their sharpness."""


def is_dark(blocks: bytes) -> bool:
    """Whether there is too little light to find a face.

    Args:
        blocks: Grey picture of `luma.BLOCKS`.
    """
    brighter = blocks.translate(None, _DARK_VALUES)
    return len(blocks) - len(brighter) > len(blocks) * 9 // 10


def is_covered(blocks: bytes) -> bool:
    """Whether most of the picture is uniform, or changes as smoothly as a hand before the lens.

    Args:
        blocks: Grey picture of `luma.BLOCKS`.
    """
    width, height = BLOCKS
    flat = 0
    for top in range(0, height, _CELL):
        for left in range(0, width, _CELL):
            first = top * width + left
            starts = range(first, first + _CELL * width, width)
            cell = b"".join([blocks[start : start + _CELL] for start in starts])
            flat += max(cell) - min(cell) < _FLAT
    return flat >= _COVERED * (width // _CELL) * (height // _CELL)


def is_blurred(detail: bytes) -> bool:
    """Whether no edge is sharp.

    Along every tenth row, the differences between neighbours are set against those between pixels
    four apart: a sharp edge has as much of both, an edge wider than four pixels a quarter. The
    ratio says nothing of how much there is to see, so a plain scene is not taken for a blurred one.

    Args:
        detail: Grey picture of `luma.DETAIL`.
    """
    width, height = DETAIL
    near = far = 0
    for y in range(_ROWS // 2, height, _ROWS):
        row = detail[y * width : (y + 1) * width]
        near += _energy(row, 1)
        far += _energy(row, _FAR)
    rows = height // _ROWS
    return far > _CONTRAST * rows * width and near < _SOFT**2 * far


def _energy(row: bytes, distance: int) -> int:
    differences = list(map(sub, row[distance:], row))
    return sum(map(mul, differences, differences))
