"""Reads a photo file into pixels. Called by enrolment."""

import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from matcher.face import Image as Pixels
from streamer.errors import InputError

MAX_BYTES = 40 * 1024 * 1024
MIN_SIDE_PX = 64
MAX_PIXELS = 60_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A picture and the name it goes by in messages."""

    name: str
    image: Pixels


def read_photo(path: Path) -> Photo:
    """Read a photo as RGB, turned upright as its EXIF data says. Blocking.

    Raises:
        InputError: It is not there, no picture, or of a size no photo has.
    """
    data = _read(path)
    try:
        # The header alone: a small file may unpack to gigabytes.
        with Image.open(io.BytesIO(data)) as header:
            width, height = header.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"photo {path}: is no picture; give a JPEG or PNG file") from error
    if min(height, width) < MIN_SIDE_PX or width * height > MAX_PIXELS:
        raise InputError(
            f"photo {path}: {width}x{height} pixels; give one of {MIN_SIDE_PX} pixels a side or "
            f"more, and of {MAX_PIXELS // 1_000_000} megapixels or fewer"
        )
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        raise InputError(f"photo {path}: cannot be decoded; save it as JPEG or PNG") from error
    if decoded is None:
        raise InputError(f"photo {path}: cannot be decoded; save it as JPEG or PNG")
    return Photo(str(path), np.ascontiguousarray(decoded, dtype=np.uint8))


def _read(path: Path) -> bytes:
    try:
        # Not blocking: a pipe in a photo's place must not hang the command.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError(f"photo {path}: is no file; give a JPEG or PNG file")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"photo {path}: cannot be read ({error.strerror}); check name and rights"
        ) from error
    if len(data) > MAX_BYTES:
        raise InputError(f"photo {path}: larger than 40 MB; save it smaller")
    return data
