"""Reads single bits, and Exp-Golomb numbers made of them. Pure; used by `h264`."""

from typing import Final

_LONGEST: Final = 32


class BitReader:
    """Goes through the bits of a NAL unit from its most significant one on.

    Every method raises ValueError beyond the end.
    """

    def __init__(self, unit: bytes) -> None:
        """Begin at the first bit.

        Args:
            unit: Without start code; escapes are taken out (ITU-T H.264, 7.4.1.1).
        """
        payload = unit.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def bits(self, count: int) -> int:
        """The next bits as a number."""
        if count > self._left:
            raise ValueError("a NAL unit that is cut off")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def flag(self) -> bool:
        """The next bit."""
        return self.bits(1) == 1

    def unsigned(self) -> int:
        """The next ue(v) (ITU-T H.264, 9.1)."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > _LONGEST:
                raise ValueError("a number that is too long")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        """The next se(v) (ITU-T H.264, 9.1.1)."""
        code = self.unsigned()
        return -(code // 2) if code % 2 == 0 else (code + 1) // 2
