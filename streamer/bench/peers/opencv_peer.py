"""A loop over OpenCV's own inference with Kirdi's models, one frame and one face at a time."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from matcher.alignment import align
from matcher.chip import ChipLayout
from matcher.detection import Detection, decode_centerface
from matcher.face import Image
from matcher.packs.pack import Pack
from matcher.prepared import Prepared
from streamer.bench.peers.nearest import Nearest
from streamer.bench.peers.peer import PeerUnavailableError, Seen

_Row = npt.NDArray[np.float64]
_MAX_SIDE = 640
_MIN_SCORE = 0.5
_MAX_OVERLAP = 0.3


class OpenCvPeer:
    """Pictures reduced and faces aligned as Kirdi does it; the networks run in `cv2.dnn`."""

    name = "OpenCV, same models"
    note = "cv2.dnn, every face embedded by itself, not mirrored, tolerance 0.6"

    def __init__(self, pack: Pack) -> None:
        """Load both models of the pack.

        Raises:
            PeerUnavailableError: They are not of the kind of `open`'s.
        """
        manifest = pack.manifest
        if (manifest.detector.kind, manifest.embedder.kind) != ("centerface", "uint8_graph"):
            raise PeerUnavailableError(f"OpenCV: no loop for the models of {manifest.pack}")
        self._detector = cv2.dnn.readNetFromONNX(
            np.frombuffer(pack.read(manifest.detector.file), np.uint8)
        )
        self._embedder = cv2.dnn.readNetFromONNX(
            np.frombuffer(pack.read(manifest.embedder.file), np.uint8)
        )
        self._outputs = self._detector.getUnconnectedOutLayersNames()
        self._chip: ChipLayout = manifest.embedder.chip
        self._nearest = Nearest({})

    async def enrol(self, photos: Mapping[str, Sequence[Image]]) -> None:
        """See `Peer`."""

        def embed() -> dict[str, list[_Row]]:
            return {
                name: [row for photo in pictures if (row := self._largest(photo)) is not None]
                for name, pictures in photos.items()
            }

        self._nearest = Nearest(await asyncio.to_thread(embed))

    async def watch(self, frames: Iterator[Seen]) -> frozenset[str]:
        """See `Peer`."""
        found: set[str | None] = set()
        while (seen := await asyncio.to_thread(next, frames, None)) is not None:
            found |= await asyncio.to_thread(self._names, seen.image)
        return frozenset(name for name in found if name is not None)

    def _names(self, image: Image) -> set[str | None]:
        return {self._nearest.name(self._embed(image, face)) for face in self._find(image)}

    def _largest(self, image: Image) -> _Row | None:
        faces = self._find(image)
        if not faces:
            return None
        return self._embed(image, max(faces, key=lambda one: one.bbox[2] - one.bbox[0]))

    def _find(self, image: Image) -> list[Detection]:
        prepared = Prepared.of(image, _MAX_SIDE)
        self._detector.setInput(prepared.pixels[None])
        values = self._detector.forward(self._outputs)
        outputs = {
            name: np.asarray(value[0], np.float32)
            for name, value in zip(self._outputs, values, strict=True)
        }
        faces = decode_centerface(outputs, prepared.pixels.shape[1], _MIN_SCORE, _MAX_OVERLAP)
        return [face.scaled(1 / prepared.scale_x, 1 / prepared.scale_y) for face in faces]

    def _embed(self, image: Image, face: Detection) -> _Row:
        self._embedder.setInput(align(image, face.landmarks, self._chip)[None])
        return np.asarray(self._embedder.forward()[0], np.float64)
