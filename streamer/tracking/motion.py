"""Where a face should be next, and how sure that is: a Kalman filter. Pure; used by the tracker."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from matcher.face import Face

Place = npt.NDArray[np.float64]
"""(3,): centre x and centre y in pixels, logarithm of the width."""

# Each (3,), in face widths (0.16 m or so) and seconds; the last is of the width's logarithm.
# A walk of 1.5 m/s is nine widths a second across the picture, and much less up or down it.
_FIRST_SPEED = np.array([4.0, 1.2, 0.4])
# How suddenly that changes: people stop, turn and set off.
_ACCELERATION = np.array([6.0, 2.5, 0.6])
# How much a detector's box moves about on a face that stands still.
_JITTER = np.array([0.06, 0.06, 0.06])


def place_of(face: Face) -> Place:
    """Where a face is, and how large."""
    x1, y1, x2, y2 = face.bbox
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2, np.log(max(x2 - x1, 1.0))])


@dataclass(slots=True)
class Motion:
    """Constant velocity with random acceleration, each coordinate by itself (Kalman, 1960).

    Frames come at any pace and with gaps: all of it depends on elapsed time, nothing on a number of
    frames. Variances are in face widths, so that near and far people are treated alike.

    Attributes:
        place: Where the face is thought to be,
        at: at this moment, monotonic seconds.
        speed: Change of place a second.
        place_variance: Of `place`,
        covariance: of place and speed,
        speed_variance: and of `speed`: in face widths, each coordinate.
    """

    place: Place
    at: float
    speed: Place = field(default_factory=lambda: np.zeros(3))
    place_variance: Place = field(default_factory=lambda: _JITTER**2)
    covariance: Place = field(default_factory=lambda: np.zeros(3))
    speed_variance: Place = field(default_factory=lambda: _FIRST_SPEED**2)

    def see(self, place: Place, at: float) -> None:
        """Take in a sighting."""
        gap = at - self.at
        place_variance, covariance, speed_variance = _later(
            gap, self.place_variance, self.covariance, self.speed_variance
        )
        seen = place_variance + _JITTER**2
        unforeseen = place - (self.place + self.speed * gap)
        self.place = place - unforeseen * _JITTER**2 / seen
        self.speed = self.speed + unforeseen * covariance / seen
        self.place_variance = place_variance * _JITTER**2 / seen
        self.covariance = covariance * _JITTER**2 / seen
        self.speed_variance = speed_variance - covariance**2 / seen
        self.at = at


def expectations(motions: Sequence[Motion], at: float) -> tuple[Place, Place]:
    """Where a sighting of each should be at a moment, and its variance in `Place`'s units.

    Args:
        motions: At least one.
        at: Monotonic seconds.

    Returns:
        Twice (n, 3).
    """
    gap = np.array([[at - one.at] for one in motions])
    place, speed, *spread = (
        np.array(part)
        for part in zip(
            *(
                (one.place, one.speed, one.place_variance, one.covariance, one.speed_variance)
                for one in motions
            ),
            strict=True,
        )
    )
    unit = np.ones_like(place)
    unit[:, :2] = np.exp(place[:, 2:])
    return place + speed * gap, (_later(gap, *spread)[0] + _JITTER**2) * unit**2


def _later(
    gap: float | Place, place_variance: Place, covariance: Place, speed_variance: Place
) -> tuple[Place, Place, Place]:
    """The same three, so many seconds later."""
    noise = _ACCELERATION**2
    return (
        place_variance + 2 * gap * covariance + gap**2 * speed_variance + gap**3 / 3 * noise,
        covariance + gap * speed_variance + gap**2 / 2 * noise,
        speed_variance + gap * noise,
    )
