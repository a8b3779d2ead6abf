"""What looks on while the service runs. Called by `app`."""

from collections.abc import Sequence
from typing import Protocol

from matcher.matcher import Matcher
from streamer.checkin.delivery import CheckInWriter
from streamer.ingest.supervisor import CameraSupervisor


class Instruments(Protocol):
    """What `kirdi bench` and `kirdi demo` look through; the service itself has none."""

    def watch(self, matcher: Matcher, cameras: Sequence[CameraSupervisor]) -> None:
        """Be shown the parts that count, once they all exist: the cameras of the start."""
        ...

    def timed(self, writer: CheckInWriter) -> CheckInWriter:
        """Return the writer with a stopwatch around it."""
        ...
