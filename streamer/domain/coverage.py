"""How much of a window all patient entrances of a building were analysed. Made by `reports`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class UnknownCause(StrEnum):
    """Why it is not known whether somebody came."""

    CAMERA_DOWN = "camera_down"
    """An entrance's camera gave no picture."""
    CAMERA_DEGRADED = "camera_degraded"
    """It gave one in which people may be missed."""
    SERVICE_DOWN = "service_down"
    """Kirdi itself was not running, or without its database."""
    NO_CODE_DESK = "no_code_desk"
    """Whoever is not recognised by face had nowhere to show a code."""
    OUTSIDE_COVERAGE = "outside_coverage"
    """An entrance without a camera, or a time before there was one."""
    NOT_KNOWN_THEN = "not_known_then"
    """The appointment reached Kirdi when the visit was over, or all but over."""
    NO_APPOINTMENT = "no_appointment"
    """The service has no appointment of its own that day: nobody was looked for on its account."""
    NOBODY_LOOKED = "nobody_looked"
    """Somebody was seen who may have been the patient, and nobody confirmed or rejected it."""
    NOT_OVER = "not_over"
    """The window has not ended yet."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one window in one building.

    Attributes:
        building: None = any of the site's; all of them count then.
        starts_at: Aware, UTC; the window is half-open.
        share: Of the window, in which every patient entrance was analysed; 0 to 1.
        full: Is the share large enough to say that nobody came?
        cause: What took away most of the rest; None where nothing did.
    """

    building: str | None
    starts_at: datetime
    ends_at: datetime
    share: float
    full: bool
    cause: UnknownCause | None = None
