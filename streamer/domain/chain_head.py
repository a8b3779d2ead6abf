"""The end of one of the audit's chains at a moment. What checkpoints keep outside the database."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Who knows it knows every event before it: none can be changed without changing it.

    Attributes:
        lane: Which chain.
        sequence: Of its newest event; 0 = it has none.
        hash: 32 bytes, of that event.
    """

    lane: int
    sequence: int
    hash: bytes
