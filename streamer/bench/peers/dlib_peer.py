"""A loop over the `face_recognition` library, or over dlib as that library calls it.

The library's package of models imports `pkg_resources`, which newer setuptools no longer have; and
without it `face_recognition` ends the process. Then the same calls of dlib are made, and the row
says so. dlib is one of the project's development requirements and none of the service's.
"""

import asyncio
import contextlib
import importlib
import io
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from matcher.face import Image
from streamer.bench.peers.nearest import Nearest
from streamer.bench.peers.peer import PeerUnavailableError, Seen

_Row = npt.NDArray[np.float64]
_MODELS = "face_recognition_models"


class PeerFace(NamedTuple):
    """A face found: x1, y1, x2, y2 in pixels, and its vector."""

    box: tuple[float, float, float, float]
    row: _Row


class Encoder(Protocol):
    """The library's detector and embedder."""

    def faces(self, image: Image) -> list[PeerFace]:
        """Find and encode every face of an RGB picture."""
        ...


def open_encoder() -> tuple[str, Encoder]:
    """Load the library, or dlib called as the library does; with the name of what it is.

    Raises:
        PeerUnavailableError: Neither can be had.
    """
    library = _face_recognition()
    if library is not None:
        return "face_recognition", _Library(library)
    return "dlib as face_recognition", _Dlib()


class DlibPeer:
    """Every face of every frame is found, encoded and compared, with the library's defaults."""

    def __init__(self) -> None:
        """Load the library, or dlib.

        Raises:
            PeerUnavailableError: Neither can be had.
        """
        self.name, self._encoder = open_encoder()
        self.note = "HOG detector, whole frames, every face encoded, tolerance 0.6"
        self._nearest = Nearest({})

    async def enrol(self, photos: Mapping[str, Sequence[Image]]) -> None:
        """See `Peer`; somebody whose face is not found is not enrolled."""

        def encode() -> dict[str, list[_Row]]:
            return {
                name: [face.row for photo in pictures for face in self._encoder.faces(photo)[:1]]
                for name, pictures in photos.items()
            }

        self._nearest = Nearest(await asyncio.to_thread(encode))

    async def watch(self, frames: Iterator[Seen]) -> frozenset[str]:
        """See `Peer`."""
        found: set[str | None] = set()
        while (seen := await asyncio.to_thread(next, frames, None)) is not None:
            faces = await asyncio.to_thread(self._encoder.faces, seen.image)
            found |= {self._nearest.name(face.row) for face in faces}
        return frozenset(name for name in found if name is not None)


class _Library:
    def __init__(self, library: Any) -> None:
        self._library = library

    def faces(self, image: Image) -> list[PeerFace]:
        places = self._library.face_locations(image)
        rows = self._library.face_encodings(image, places)
        return [
            PeerFace((left, top, right, bottom), np.asarray(row))
            for (top, right, bottom, left), row in zip(places, rows, strict=True)
        ]


class _Dlib:
    """The calls that `face_locations` and `face_encodings` make."""

    def __init__(self) -> None:
        try:
            dlib: Any = importlib.import_module("dlib")
        except ImportError as error:
            raise PeerUnavailableError(
                "face_recognition: neither it nor dlib is installed; run: pip install dlib-bin"
            ) from error
        self._rectangle = dlib.rectangle
        self._find = dlib.get_frontal_face_detector()
        self._points = dlib.shape_predictor(_model("shape_predictor_5_face_landmarks.dat"))
        self._encode = dlib.face_recognition_model_v1(
            _model("dlib_face_recognition_resnet_model_v1.dat")
        )

    def faces(self, image: Image) -> list[PeerFace]:
        height, width = image.shape[:2]
        faces = []
        for found in self._find(image, 1):
            inside = self._rectangle(
                max(found.left(), 0),
                max(found.top(), 0),
                min(found.right(), width),
                min(found.bottom(), height),
            )
            points = self._points(image, inside)
            row = np.array(self._encode.compute_face_descriptor(image, points, 1))
            box = (inside.left(), inside.top(), inside.right(), inside.bottom())
            faces.append(PeerFace(box, row))
        return faces


def _face_recognition() -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            importlib.import_module(_MODELS)
            return importlib.import_module("face_recognition")
        except (ImportError, SystemExit):
            return None


def _model(name: str) -> str:
    for file in metadata.files(_MODELS) or ():
        if file.name == name:
            return str(Path(str(file.locate())))
    raise PeerUnavailableError(
        f"face_recognition: {_MODELS} is not installed whole, without {name}"
    )
