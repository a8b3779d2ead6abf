"""A picture that the analysis has looked at, for those who look at its camera blurred."""

from dataclasses import dataclass, field

from matcher.face import Image

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels; may reach past the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenFrame:
    """A copy in memory of its own, whole or at every second or third pixel.

    Attributes:
        at: When the picture arrived, monotonic seconds.
        image: RGB.
        faces: Every face that was found in this very picture, in its pixels; None = none was
            looked for, so that nobody knows where they are.
    """

    at: float
    image: Image = field(repr=False)
    faces: tuple[Box, ...] | None
