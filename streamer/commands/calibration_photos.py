"""Photos that int8 ranges are taken from: a folder's, or the samples of installed packages."""

from pathlib import Path

import cv2
import numpy as np

from matcher.face import Image
from streamer.embedded.demo.photographs import read_photographs
from streamer.errors import InputError
from streamer.patients.photo import read_photo

MOST_PHOTOS = 200
_SUFFIXES = (".jpg", ".jpeg", ".png")
_SCALES = (1.0, 0.7, 0.5)


def calibration_photos(folder: Path | None) -> list[Image]:
    """At most `MOST_PHOTOS` photos, spread evenly over the folder and what lies under it.

    Without a folder: the sample photographs, which show eight people, larger and smaller and
    mirrored. Blocking.

    Raises:
        InputError: The folder holds no photos, or one that cannot be read.
        EmbeddedError: A sample photograph is not installed.
    """
    if folder is None:
        images = [one.image for one in read_photographs()]
        turned = [np.ascontiguousarray(image[:, ::-1]) for image in images]
        return [_scaled(image, scale) for scale in _SCALES for image in (*images, *turned)]
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not files:
        raise InputError(f"{folder}: no photos (JPEG or PNG) in it")
    chosen = np.linspace(0, len(files) - 1, num=min(len(files), MOST_PHOTOS)).astype(int)
    return [read_photo(files[index]).image for index in sorted(set(chosen.tolist()))]


def _scaled(image: Image, scale: float) -> Image:
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
