"""aiortc that receives and does not decode: twenty viewers must leave the machine to the service.

Only in the benchmark's own processes.
"""

from typing import Any

import aiortc.rtcrtpreceiver
from aiortc.codecs import get_decoder


class FrameCount:
    """A decoder that counts what it is given."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.frames = 0

    def decode(self, _encoded: object) -> list[Any]:
        """See aiortc's `Decoder`."""
        self.frames += 1
        return []


class Decoders:
    """Hands out a real decoder for the first few streams, and counters for the rest."""

    def __init__(self, real: int) -> None:
        """So many streams are decoded."""
        self._real = real
        self.counts: list[FrameCount] = []

    def install(self) -> None:
        """Have aiortc ask here from now on, in this process."""
        aiortc.rtcrtpreceiver.get_decoder = self._make  # type: ignore[attr-defined]

    def _make(self, codec: Any) -> Any:
        if self._real > 0:
            self._real -= 1
            return get_decoder(codec)
        count = FrameCount()
        self.counts.append(count)
        return count
