"""Picks lines out of packed text, and unpacks no more of it than it takes. Used by `reports`."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from isal import isal_zlib

_PIECE: Final = 1 << 18


def picked_lines(packed: Iterable[bytes], places: Collection[int]) -> Mapping[int, bytes]:
    """Return lines by their places, which are counted through all of `packed` from 0.

    Args:
        packed: Texts that zlib packed, each of whole lines.
        places: Of lines that are there.
    """
    found: dict[int, bytes] = {}
    last = max(places, default=-1)
    passed = 0
    for text in packed:
        unpacker, left, begun = isal_zlib.decompressobj(), text, b""
        while left and passed <= last:
            piece = begun + unpacker.decompress(left, _PIECE)
            left = unpacker.unconsumed_tail
            lines = piece.count(b"\n")
            inside = [place for place in places if passed <= place < passed + lines]
            if inside:
                split = piece.split(b"\n")
                found |= {place: split[place - passed] for place in inside}
            begun = piece[piece.rfind(b"\n") + 1 :]
            passed += lines
    return found
