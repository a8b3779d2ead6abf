"""One conversation of a hostile camera, complete enough to be played again."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

CSEQ = b"@CSEQ@"
"""Stands in a reply where the number of the request belongs."""


class Kind(StrEnum):
    """What is damaged in an episode."""

    RTSP = "rtsp"
    SDP = "sdp"
    RTP = "rtp"
    STREAM = "stream"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes to send; `mutated` ones count as an input."""

    data: bytes
    mutated: bool = False


@dataclass(frozen=True, slots=True)
class Episode:
    """What a camera says.

    Attributes:
        name: Seed and number.
        replies: By method, in turn; the last one again and again. Methods without one get 200.
        media: What follows PLAY, as it goes through the RTSP connection.
        transport: tcp, or udp: then media without its framing goes in datagrams.
    """

    name: str
    kind: Kind
    source: str
    replies: Mapping[str, Sequence[Piece]]
    media: Sequence[Piece]
    transport: str = "tcp"

    @property
    def inputs(self) -> int:
        """Mutated pieces in it."""
        replies = sum(piece.mutated for pieces in self.replies.values() for piece in pieces)
        return replies + sum(piece.mutated for piece in self.media)

    def write(self, path: Path, ended: str) -> None:
        """Keep it for `--replay`, with how it ended."""
        known = {
            "name": self.name,
            "kind": self.kind.value,
            "source": self.source,
            "transport": self.transport,
            "ended": ended,
            "replies": {method: _pack(pieces) for method, pieces in self.replies.items()},
            "media": _pack(self.media),
        }
        path.write_text(json.dumps(known, indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Episode":
        """Read what `write` has written."""
        known = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            known["name"],
            Kind(known["kind"]),
            known["source"],
            {method: _unpack(pieces) for method, pieces in known["replies"].items()},
            _unpack(known["media"]),
            known["transport"],
        )


def _pack(pieces: Sequence[Piece]) -> list[list[Any]]:
    return [[piece.mutated, b64encode(piece.data).decode("ascii")] for piece in pieces]


def _unpack(pieces: list[list[Any]]) -> list[Piece]:
    return [Piece(b64decode(data), mutated) for mutated, data in pieces]
