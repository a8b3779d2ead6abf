"""Damage to bytes, by chance that a seed fixes. Pure.

The operations are those that coverage-guided fuzzers start from: flipped bits, boundary values,
pieces removed, repeated, swapped for a piece of another input, numbers in text made extreme.
"""

import random
import re
from collections.abc import Sequence

_BOUNDARIES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_NUMBERS = (
    b"0",
    b"-1",
    b"255",
    b"65536",
    b"4294967296",
    b"99999999999999999999",
    b"1e9",
    b"%s",
    b"",
)
_NUMBER = re.compile(rb"[0-9]+")
_LONGEST_REPEAT = 4096


def mutate(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Damage an input once to four times.

    Args:
        data: What to damage.
        others: Inputs to take pieces from.
        chance: Decides.
    """
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        _damage(changed, others, chance)
    return bytes(changed)


def mutate_text(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Damage lines of text: numbers and whole lines first of all, bytes now and then."""
    match chance.randrange(4):
        case 0:
            return mutate(data, others, chance)
        case 1:
            return _other_numbers(data, chance)
        case _:
            lines = data.split(b"\r\n")
            _damage_lines(lines, others, chance)
            return b"\r\n".join(lines)


def _damage(data: bytearray, others: Sequence[bytes], chance: random.Random) -> None:
    if not data:
        data += chance.randbytes(chance.randrange(1, 16))
        return
    at = _place(len(data), chance)
    end = min(len(data), at + chance.choice((1, 2, 4, 16, 64, len(data))))
    match chance.randrange(7):
        case 0:
            data[at] ^= 1 << chance.randrange(8)
        case 1:
            data[at] = chance.choice(_BOUNDARIES)
        case 2:
            data[at:end] = chance.randbytes(end - at)
        case 3:
            del data[at:end]
        case 4:
            data[at:at] = data[at:end][:_LONGEST_REPEAT] * chance.choice((1, 2, 8))
        case 5:
            del data[at:]
        case 6:
            other = chance.choice(others) if others else b""
            data[at:end] = other[: chance.randrange(len(other) + 1)]


def _place(length: int, chance: random.Random) -> int:
    """Anywhere, but half of the time within the first bytes: there the headers are."""
    return chance.randrange(min(length, 24) if chance.random() < 0.5 else length)


def _other_numbers(data: bytes, chance: random.Random) -> bytes:
    found = list(_NUMBER.finditer(data))
    for one in chance.sample(found, min(len(found), chance.choice((1, 2)))):
        # Later ones move when an earlier one changes its length: look for the text itself.
        data = data.replace(one[0], chance.choice(_NUMBERS), 1)
    return data


def _damage_lines(lines: list[bytes], others: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(lines))
    name, separator, value = lines[at].partition(b":" if b":" in lines[at] else b"=")
    match chance.randrange(6):
        case 0:
            lines[at] = name + separator + (chance.choice(others) if others else b"")
        case 1:
            lines[at] = name + separator + value * chance.choice((2, 64, 512))
        case 2:
            lines[at] = name
        case 3:
            del lines[at]
        case 4:
            lines[at:at] = [lines[at]] * chance.choice((1, 8, 64))
        case 5:
            lines.insert(at, mutate(lines[at], others, chance))
