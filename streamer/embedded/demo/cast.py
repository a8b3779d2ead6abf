"""Who plays what in the lobby, and when and how each of them walks through it. Pure data.

The parts are given so that every reason to stay unknown appears, and so that the stranger who is
most like somebody else (person 3 beside person 4) walks through, too.
"""

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What somebody is to the polyclinic."""

    APPOINTMENT = "enrolled, appointment"
    NO_APPOINTMENT = "enrolled, no appointment"
    WITHDREW = "appointment, consent withdrawn"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Walk:
    """How somebody crosses the lobby.

    Attributes:
        enters_at: Seconds into the clip.
        pace: Metres a second.
        door: Where they come through the door: metres to the right of its middle.
        passes: Where they pass the camera: metres to its right.
        height: Of the eyes above the floor, metres.
        light: Gain of the light on them; 1 = as photographed.
        blur: Standard deviation of the blur of their picture, pixels.
        jpeg: Quality their picture is compressed with before the video encoder, None = not.
        tilt: Of the head, degrees.
        coat: Colour of the clothes, RGB.
    """

    enters_at: float
    pace: float
    door: float
    passes: float
    height: float
    light: float
    blur: float
    jpeg: int | None
    tilt: float
    coat: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Member:
    """One of the cast.

    Attributes:
        person: Number of the person in the photographs.
        part: What they are to the polyclinic.
        walk: How they come in.
        starts_in_min: The appointment's start, minutes from now; None where there is none.
        patient_ref: The clinic's reference; None for strangers.
    """

    person: int
    part: Part
    walk: Walk
    patient_ref: str | None = None
    starts_in_min: int | None = None

    @property
    def appointment_ref(self) -> str | None:
        """The reference of their appointment, if any."""
        return None if self.starts_in_min is None else f"A-{self.patient_ref}"


CAST = (
    Member(
        2,
        Part.APPOINTMENT,
        Walk(0.2, 0.95, -0.2, 0.62, 1.70, 1.0, 0.0, None, 2.0, (70, 84, 110)),
        "P-101",
        10,
    ),
    Member(
        3,
        Part.STRANGER,
        Walk(3.2, 0.90, 0.3, -0.60, 1.66, 0.9, 0.0, None, -3.0, (120, 44, 52)),
    ),
    Member(
        7,
        Part.APPOINTMENT,
        Walk(6.6, 0.85, 0.1, -0.62, 1.62, 1.08, 0.0, 60, 2.5, (196, 108, 58)),
        "P-102",
        20,
    ),
    Member(
        5,
        Part.WITHDREW,
        Walk(10.0, 0.90, -0.4, 0.60, 1.58, 1.0, 0.0, None, -2.0, (58, 62, 70)),
        "P-106",
        25,
    ),
    Member(
        4,
        Part.APPOINTMENT,
        Walk(13.4, 0.88, 0.35, -0.60, 1.76, 0.8, 0.6, None, 3.0, (132, 138, 128)),
        "P-103",
        35,
    ),
    Member(
        1,
        Part.NO_APPOINTMENT,
        Walk(15.0, 0.85, -0.35, 0.66, 1.60, 1.0, 0.0, None, -2.0, (64, 52, 92)),
        "P-105",
    ),
    Member(
        6,
        Part.STRANGER,
        Walk(20.2, 0.90, 0.0, 0.60, 1.72, 0.95, 0.0, 70, 1.0, (52, 76, 66)),
    ),
    Member(
        0,
        Part.APPOINTMENT,
        Walk(22.6, 0.88, 0.2, -0.62, 1.60, 1.12, 0.0, 75, -2.5, (150, 128, 92)),
        "P-104",
        50,
    ),
)

# Appointments that the cameras must bring in, in the order of the schedule.
EXPECTED = tuple(str(member.appointment_ref) for member in CAST if member.part is Part.APPOINTMENT)
