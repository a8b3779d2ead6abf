"""How a report's maker and the process that helps it talk: records, packed, each with its length.

Both ends are this program and nobody else can write to their pipes, so that pickle will do.
"""

import pickle
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Final

from streamer.reporting.part_task import PartTask
from streamer.reporting.part_work import ClosedPart
from streamer.reports.risk_found import RiskFound
from streamer.reports.visit_counts import VisitCounts
from streamer.storage.database_access import DatabaseAccess

LENGTH_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Begin:
    """Open the period as of a moment, and say so."""

    task: PartTask
    access: DatabaseAccess
    moment: str


@dataclass(frozen=True, slots=True)
class JudgeDay:
    """Answered by its packed rows."""

    day: date


@dataclass(frozen=True, slots=True)
class Count:
    """Answered by what was counted of all days so far."""


@dataclass(frozen=True, slots=True)
class Close:
    """Answered by the rest; nothing is asked afterwards."""

    risk: RiskFound


@dataclass(frozen=True, slots=True)
class Failed:
    """Instead of an answer: why there is none, without anything that stands in the data.

    Attributes:
        of_database: The database refused, in our words; else a fault of ours: kind and place.
    """

    message: str
    of_database: bool


Request = Begin | JudgeDay | Count | Close
Answer = None | bytes | VisitCounts | ClosedPart | Failed


def packed(frame: Request | Answer) -> bytes:
    """Return a frame as it is sent."""
    data = pickle.dumps(frame, pickle.HIGHEST_PROTOCOL)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def next_request(pipe: BinaryIO) -> Request | None:
    """Wait for the next frame from the helping process's side; None = the other end is gone."""
    head = pipe.read(LENGTH_BYTES)
    data = pipe.read(int.from_bytes(head, "big")) if len(head) == LENGTH_BYTES else b""
    if not data:
        return None
    request: Request = pickle.loads(data)  # noqa: S301 - from our own process
    return request
