"""What a demo shows at one moment, ready to be drawn. Pure; drawn by `streamer.commands.demo`."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from streamer.domain.camera_state import CameraState
from streamer.embedded.demo.cast import CAST, Part
from streamer.storage.listing import AppointmentRow, CheckInRow

_RATE_OVER_S = 4.0


@dataclass(frozen=True, slots=True)
class Line:
    """One of the cast. Absent where there is nothing: a stranger has neither name nor number.

    Attributes:
        status: Of the appointment.
        arrived_at: When the camera saw them, aware.
        score: Of the check-in.
    """

    part: Part
    patient_ref: str | None
    appointment_ref: str | None
    starts_at: datetime | None
    status: str | None
    arrived_at: datetime | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Rates:
    """Frames a second over the last few seconds, all cameras together."""

    decoded: float
    analysed: float
    dropped: float


@dataclass(frozen=True, slots=True)
class View:
    """One moment.

    Attributes:
        running_s: Seconds since the first analysed frame; None before.
        ended: The cameras were stopped because the demo ends.
        address: Where the service's console is, once it is there.
        visitor: Account and password of whoever wants to see it; the clinic is gone with the demo.
    """

    lines: tuple[Line, ...]
    cameras: tuple[CameraState, ...]
    rates: Rates
    running_s: float | None
    ended: bool = False
    address: str | None = None
    visitor: tuple[str, str] | None = None


def lines_of(
    appointments: Sequence[AppointmentRow], check_ins: Sequence[CheckInRow], *, own_footage: bool
) -> tuple[Line, ...]:
    """The schedule with who is who; strangers of the lobby stand in no schedule.

    Args:
        appointments: Of the demo.
        check_ins: In force.
        own_footage: The clip is not the lobby: who walks there is not known.
    """
    by_ref = {row.appointment_ref: row for row in appointments}
    came = {row.appointment_ref: row for row in check_ins}
    lines = []
    for member in CAST:
        if member.part is Part.STRANGER and own_footage:
            continue
        ref = member.appointment_ref
        row = by_ref.get(ref) if ref else None
        check_in = came.get(ref) if ref else None
        lines.append(
            Line(
                part=member.part,
                patient_ref=member.patient_ref,
                appointment_ref=ref,
                starts_at=row.starts_at if row else None,
                status=row.status if row else None,
                arrived_at=check_in.occurred_at if check_in else None,
                score=check_in.score if check_in else None,
            )
        )
    return tuple(sorted(lines, key=lambda line: list(Part).index(line.part)))


class RateMeter:
    """Turns counters into rates."""

    def __init__(self) -> None:
        """Start without counts."""
        self._seen: deque[tuple[float, int, int, int]] = deque()

    def rates(self, at: float, cameras: Sequence[CameraState]) -> Rates:
        """Take the counters of this moment (monotonic seconds) in, and give the rates."""
        totals = (
            at,
            sum(camera.decoded for camera in cameras),
            sum(camera.analysed for camera in cameras),
            sum(camera.dropped for camera in cameras),
        )
        self._seen.append(totals)
        while len(self._seen) > 2 and at - self._seen[1][0] >= _RATE_OVER_S:
            self._seen.popleft()
        first = self._seen[0]
        span = at - first[0]
        if span <= 0:
            return Rates(0.0, 0.0, 0.0)
        decoded, analysed, dropped = (
            (now - before) / span for now, before in zip(totals[1:], first[1:], strict=True)
        )
        return Rates(decoded, analysed, dropped)
