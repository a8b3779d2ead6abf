"""The faults a simulated camera has at the moment, and how often each has acted.

Set by `server`, asked by connections on the event loop and by renditions in their threads.
"""

from collections import Counter
from collections.abc import Iterable
from threading import Lock

import structlog

from streamer.simulator.codec import Codec
from streamer.simulator.faults.fault import Fault, Picture
from streamer.simulator.rtsp import Request, Response
from streamer.simulator.session_register import SessionRegister

_log = structlog.get_logger()


class FaultBoard:
    """Joins the faults in force into one answer at each point where a camera can go wrong."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = _distinct(faults)
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults in force."""
        return self._faults

    def set(self, faults: Iterable[Fault]) -> None:
        """Replace the faults in force.

        Raises:
            ValueError: Two have the same name.
        """
        self._faults = _distinct(faults)

    @property
    def counts(self) -> dict[str, int]:
        """How often each fault has acted: requests, pictures, or the times the port closed."""
        with self._lock:
            return dict(self._counts)

    def fired(self, name: str) -> None:
        """Note that a fault acted; the first time is worth a line."""
        with self._lock:
            self._counts[name] += 1
            first = self._counts[name] == 1
        if first:
            _log.info("simulator.fault", fault=name)

    @property
    def closes_port(self) -> bool:
        """Whether connections are refused."""
        return any(fault.closes_port for fault in self._faults)

    @property
    def codec(self) -> Codec | None:
        """What new clients get, or None for what the file has; the last word counts."""
        return next((fault.codec for fault in reversed(self._faults) if fault.codec), None)

    @property
    def paints(self) -> bool:
        """Whether pictures are changed."""
        return any(fault.paints for fault in self._faults)

    def answer_delay_s(self) -> float:
        """How long an answer waits."""
        return self._slowest([(fault.name, fault.answer_delay_s) for fault in self._faults])

    def answer_gap_s(self) -> float:
        """How long each byte of an answer waits for the one before."""
        return self._slowest([(fault.name, fault.answer_gap_s) for fault in self._faults])

    def before(self, request: Request, sessions: SessionRegister) -> Response | None:
        """What is answered instead of the truth."""
        for fault in self._faults:
            if (response := fault.before(request, sessions)) is not None:
                self.fired(fault.name)
                return response
        return None

    def after(self, request: Request, response: Response) -> Response:
        """What becomes of a true answer."""
        for fault in self._faults:
            changed = fault.after(request, response)
            if changed is not response:
                self.fired(fault.name)
            response = changed
        return response

    def paint(self, picture: Picture, at_s: float) -> Picture:
        """What becomes of a picture shown `at_s` seconds into its stream."""
        for fault in self._faults:
            if fault.paints:
                painted = fault.paint(picture, at_s)
                if painted is not picture:
                    self.fired(fault.name)
                picture = painted
        return picture

    def _slowest(self, waits: list[tuple[str, float]]) -> float:
        name, wait = max(waits, key=lambda one: one[1], default=("", 0.0))
        if wait > 0:
            self.fired(name)
        return wait


def _distinct(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    found = tuple(faults)
    if len({fault.name for fault in found}) < len(found):
        raise ValueError("two faults of one kind; a camera has each once")
    return found
