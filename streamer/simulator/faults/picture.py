"""Faults of the picture and of how it is encoded. They cost decoding and encoding per viewer."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from streamer.simulator.codec import Codec
from streamer.simulator.faults.fault import Fault, Picture

_ROUNDING = 1e-6
"""For times such as 1.2 s, which divided by 0.4 s is a trifle less than 3."""


@dataclass(frozen=True, slots=True)
class H265(Fault):
    """Pictures are encoded in H.265, whatever the file has, for clients that come from now on."""

    name: ClassVar[str] = "h265"
    codec: ClassVar[Codec | None] = Codec.H265


@dataclass(frozen=True, slots=True)
class Mjpeg(Fault):
    """Pictures are sent as JPEG (RFC 2435), for clients that come from now on."""

    name: ClassVar[str] = "mjpeg"
    codec: ClassVar[Codec | None] = Codec.JPEG


@dataclass(frozen=True, slots=True)
class Resize(Fault):
    """The picture's size halves and doubles again in mid-stream, every `seconds`."""

    name: ClassVar[str] = "resize"
    paints: ClassVar[bool] = True
    seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise ValueError("the seconds between two sizes must be more than 0")

    def paint(self, picture: Picture, at_s: float) -> Picture:
        """See `Fault`."""
        if int(at_s / self.seconds + _ROUNDING) % 2 == 0:
            return picture
        height, width = picture.shape[:2]
        half = (max(16, width // 4 * 2), max(16, height // 4 * 2))
        return _as_picture(cv2.resize(picture, half, interpolation=cv2.INTER_AREA))


@dataclass(frozen=True, slots=True)
class Dark(Fault):
    """The picture is nearly black: `percent` of its light is left."""

    name: ClassVar[str] = "dark"
    paints: ClassVar[bool] = True
    percent: float = 4.0

    def paint(self, picture: Picture, at_s: float) -> Picture:  # noqa: ARG002 - see Fault
        """See `Fault`."""
        return _as_picture(picture * min(1.0, self.percent / 100))


@dataclass(frozen=True, slots=True)
class Covered(Fault):
    """The lens is covered: an even grey with a faint shade of what is behind."""

    name: ClassVar[str] = "covered"
    paints: ClassVar[bool] = True

    def paint(self, picture: Picture, at_s: float) -> Picture:  # noqa: ARG002 - see Fault
        """See `Fault`."""
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        shade = cv2.resize(cv2.resize(grey, (4, 4), interpolation=cv2.INTER_AREA), grey.shape[::-1])
        even = np.clip(96 + (shade.astype(np.float32) - float(shade.mean())) * 0.05, 0, 255)
        return _as_picture(np.repeat(even[:, :, None], 3, axis=2))


@dataclass(frozen=True, slots=True)
class Blurred(Fault):
    """The picture is out of focus: a Gaussian with `percent` of the height for its sigma."""

    name: ClassVar[str] = "blurred"
    paints: ClassVar[bool] = True
    percent: float = 2.0

    def paint(self, picture: Picture, at_s: float) -> Picture:  # noqa: ARG002 - see Fault
        """See `Fault`."""
        height, width = picture.shape[:2]
        sigma = max(0.1, height * min(self.percent, 25.0) / 100)
        # A wide Gaussian costs ten times as much in full size and looks the same.
        scale = max(1.0, sigma / 4)
        small = (max(1, round(width / scale)), max(1, round(height / scale)))
        blurred = cv2.GaussianBlur(
            cv2.resize(picture, small, interpolation=cv2.INTER_AREA), (0, 0), sigma / scale
        )
        return _as_picture(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR))


@dataclass(frozen=True, slots=True)
class Moved(Fault):
    """The camera looks elsewhere: the picture is shifted sideways by `percent` of its width."""

    name: ClassVar[str] = "moved"
    paints: ClassVar[bool] = True
    percent: float = 25.0

    def paint(self, picture: Picture, at_s: float) -> Picture:  # noqa: ARG002 - see Fault
        """See `Fault`; half as far down, and the border mirrors what was lost."""
        height, width = picture.shape[:2]
        right = min(self.percent, 100.0) / 100
        shift = np.array([[1, 0, width * right], [0, 1, height * right / 2]], dtype=np.float32)
        moved = cv2.warpAffine(picture, shift, (width, height), borderMode=cv2.BORDER_REFLECT)
        return _as_picture(moved)


def _as_picture(array: np.ndarray) -> Picture:
    return array.astype(np.uint8, copy=False)
