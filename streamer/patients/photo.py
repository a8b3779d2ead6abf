"""Reads a photo file into pixels. Called by enrolment."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from matcher.face import Image
from streamer.errors import InputError

MAX_BYTES = 40 * 1024 * 1024
MIN_SIDE_PX = 64
MAX_SIDE_PX = 12_000


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A picture and the name it goes by in messages."""

    name: str
    image: Image


def read_photo(path: Path) -> Photo:
    """Read a photo as RGB, turned upright as its EXIF data says. Blocking.

    Raises:
        InputError: It is not there, no picture, or of a size no photo has.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(f"photo {path}: larger than 40 MB; save it smaller")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"photo {path}: cannot be read ({error.strerror}); check name and rights"
        ) from error
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        raise InputError(f"photo {path}: cannot be decoded; save it as JPEG or PNG") from error
    if decoded is None:
        raise InputError(f"photo {path}: is no picture; give a JPEG or PNG file")
    height, width = decoded.shape[:2]
    if min(height, width) < MIN_SIDE_PX or max(height, width) > MAX_SIDE_PX:
        raise InputError(
            f"photo {path}: {width}x{height} pixels; "
            f"give one between {MIN_SIDE_PX} and {MAX_SIDE_PX} pixels a side"
        )
    return Photo(str(path), np.ascontiguousarray(decoded, dtype=np.uint8))
