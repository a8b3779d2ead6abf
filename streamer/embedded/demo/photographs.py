"""Finds the sample photographs of installed packages and the people in them. Used by `demo`.

The packages are not imported, and nothing is downloaded. Who is who is said by a number alone.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from matcher.face import Face, Image
from streamer.errors import EmbeddedError

_REMEDY = "install the locked requirements anew"


@dataclass(frozen=True, slots=True)
class Sample:
    """A photograph inside an installed distribution, and how many people it shows."""

    distribution: str
    path: str
    people: int


SAMPLES = (
    Sample("insightface", "insightface/data/images/t1.jpg", 6),
    Sample("insightface", "insightface/data/images/Tom_Hanks_54745.png", 1),
    Sample("scikit-image", "skimage/data/astronaut.png", 1),
)


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """A sample's pixels: uint8 (h, w, 3) RGB, and the digest of its file."""

    sample: Sample
    image: Image
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody in a photograph.

    Attributes:
        number: Counted over all samples, from left to right within one.
        image: The whole photograph.
        face: Where the face is in it.
    """

    number: int
    image: Image
    face: Face


class FaceFinder(Protocol):
    """The matcher's detector."""

    async def detect(self, image: Image) -> Sequence[Face]:
        """All faces of a picture."""
        ...


def read_photographs(samples: Sequence[Sample] = SAMPLES) -> tuple[Photograph, ...]:
    """Read the samples. Blocking.

    Raises:
        EmbeddedError: A package is not installed, or its sample is absent or no picture.
    """
    return tuple(_read(sample) for sample in samples)


async def find_people(photographs: Sequence[Photograph], finder: FaceFinder) -> tuple[Person, ...]:
    """Everybody in the photographs.

    Raises:
        EmbeddedError: A photograph shows fewer people than it should.
    """
    people: list[Person] = []
    for photograph in photographs:
        sample = photograph.sample
        faces = (await finder.detect(photograph.image))[: sample.people]
        if len(faces) < sample.people:
            raise EmbeddedError(
                f"sample photograph {sample.path}: {len(faces)} faces found instead of "
                f"{sample.people}; run `kirdi models verify`"
            )
        for face in sorted(faces, key=lambda one: one.bbox[0]):
            people.append(Person(len(people), photograph.image, face))
    return tuple(people)


def _read(sample: Sample) -> Photograph:
    place = f"sample photograph {sample.path}"
    try:
        files = metadata.files(sample.distribution) or ()
    except metadata.PackageNotFoundError as error:
        raise EmbeddedError(
            f"{place}: the package {sample.distribution} is not installed; {_REMEDY}"
        ) from error
    found = [file for file in files if file.as_posix() == sample.path]
    if not found:
        raise EmbeddedError(f"{place}: the installed {sample.distribution} lacks it; {_REMEDY}")
    try:
        data = Path(str(found[0].locate())).read_bytes()
    except OSError as error:
        raise EmbeddedError(f"{place}: cannot be read ({error.strerror}); {_REMEDY}") from error
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        decoded = None
    if decoded is None:
        raise EmbeddedError(f"{place}: is no picture; {_REMEDY}")
    image = np.ascontiguousarray(decoded, dtype=np.uint8)
    return Photograph(sample, image, hashlib.sha256(data).hexdigest())
