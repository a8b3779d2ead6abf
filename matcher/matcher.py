"""The matcher as the pipeline and enrolment use it: faces of a picture, embeddings of faces.

All cameras share one detector and one embedder. Neither call blocks the event loop.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import numpy as np

from matcher.alignment import align
from matcher.batcher import Batcher
from matcher.chip import ChipLayout
from matcher.detection import Detection
from matcher.errors import MatcherClosedError
from matcher.face import Embedding, Face, Image, fuse
from matcher.face_detector import FaceDetector
from matcher.face_embedder import FaceEmbedder
from matcher.liveness import Liveness, liveness_crop, open_liveness
from matcher.loading import open_models
from matcher.packs.pack import Pack
from matcher.prepared import Prepared
from matcher.quality import assess
from matcher.session import Hardware, Shape
from matcher.varied import varied

_P = ParamSpec("_P")
_R = TypeVar("_R")

_PICTURES_WAITING = 32
_CHIPS_WAITING = 128
_MAX_WAIT_S = 0.005
_OPENCV_THREADS = 2


class Matcher:
    """A detector and an embedder behind two batchers; one event loop uses it.

    `open` makes one. Pictures are only read before a call returns, also when it is cancelled: the
    caller may release their memory then.
    """

    def __init__(
        self,
        detector: FaceDetector,
        embedder: FaceEmbedder,
        pack_id: str,
        device: str,
        liveness: Liveness | None = None,
    ) -> None:
        """Put the parts together; `open` does it for a pack."""
        self._detector = detector
        self._embedder = embedder
        self._pack_id = pack_id
        self._device = device
        self._closed = False
        self._workers = ThreadPoolExecutor(_OPENCV_THREADS, thread_name_prefix="matcher-opencv")
        self._pictures: Batcher[Prepared, tuple[Detection, ...]] = Batcher(
            detector.find,
            name="matcher-detector",
            max_batch=detector.max_batch,
            max_wait_s=_MAX_WAIT_S,
            queue_size=_PICTURES_WAITING,
        )
        self._chips: Batcher[Image, Embedding] = Batcher(
            lambda chips: embedder.embed(np.stack(chips)),
            name="matcher-embedder",
            max_batch=embedder.max_batch,
            max_wait_s=_MAX_WAIT_S,
            queue_size=_CHIPS_WAITING,
        )
        self._crops: Batcher[Image, float] | None = None
        if liveness is not None:
            self._crops = Batcher(
                lambda crops: liveness.scores(np.stack(crops)),
                name="matcher-liveness",
                max_batch=liveness.max_batch,
                max_wait_s=_MAX_WAIT_S,
                queue_size=_CHIPS_WAITING,
            )

    @classmethod
    async def open(
        cls,
        pack: Pack,
        hardware: Hardware | None = None,
        *,
        max_side: int = 640,
        min_score: float = 0.5,
        liveness: bytes | None = None,
    ) -> Self:
        """Load and warm the models.

        Args:
            pack: An opened pack.
            hardware: Device and threads; by default `auto`.
            max_side: Longest side of the analysed picture, pixels.
            min_score: Fainter detections are not reported.
            liveness: An ONNX file's bytes, see `matcher.liveness`; None = nobody is asked about.

        Raises:
            DeviceError: CUDA was asked for and cannot be had.
            ModelPackError: A file of the pack was damaged meanwhile or cannot be loaded.
        """
        return await asyncio.to_thread(
            cls._open, pack, hardware or Hardware(), max_side, min_score, liveness
        )

    @classmethod
    def _open(
        cls,
        pack: Pack,
        hardware: Hardware,
        max_side: int,
        min_score: float,
        liveness: bytes | None,
    ) -> Self:
        models = open_models(pack, hardware, max_side=max_side, min_score=min_score)
        alive = open_liveness(liveness, hardware) if liveness is not None else None
        return cls(models.detector, models.embedder, pack.pack_id, models.device, alive)

    @property
    def pack_id(self) -> str:
        """Goes with every embedding."""
        return self._pack_id

    @property
    def device(self) -> str:
        """`cpu` or `cuda`: what was really got, for both models."""
        return self._device

    @property
    def runs(self) -> tuple[Mapping[Shape, int], Mapping[Shape, int]]:
        """How often detector and embedder ran so far, by the shape of their input."""
        return self._detector.runs, self._embedder.runs

    async def detect(self, image: Image) -> Sequence[Face]:
        """The faces in a picture, best first, with their quality.

        Args:
            image: uint8 (h, w, 3) RGB, full resolution.

        Raises:
            MatcherClosedError: The matcher is closed or closing.
            MatcherError: It is no picture, or inference failed.
        """
        prepared = await self._off_loop(self._detector.prepare, image)
        detections = await self._pictures.submit(prepared)
        return await self._off_loop(assess, image, detections) if detections else ()

    async def embed(self, image: Image, faces: Sequence[Face]) -> Sequence[Embedding]:
        """One embedding per face, in order.

        Args:
            image: The picture the faces were found in.
            faces: With landmarks in its pixels.

        Raises:
            MatcherClosedError: The matcher is closed or closing.
            MatcherError: A face cannot be aligned, or inference failed.
        """
        if not faces:
            return ()
        chips = await self._off_loop(_align_all, image, faces, self._embedder.chip)
        # Each call is a source of its own, and a camera has one call at a time: a crowd before one
        # camera does not keep the single face before another waiting.
        call = object()
        return await asyncio.gather(*(self._chips.submit(chip, call) for chip in chips))

    async def embed_thoroughly(self, image: Image, face: Face) -> Embedding:
        """The mean embedding of seven slightly different crops: for templates; raises as `embed`.

        Args:
            image: The picture the face was found in.
            face: With landmarks in its pixels.
        """
        crops = [replace(face, landmarks=points) for points in varied(face.landmarks)]
        return fuse(await self.embed(image, crops))

    async def liveness(self, image: Image, faces: Sequence[Face]) -> Sequence[float | None]:
        """How surely each face is a living one and no picture of one, 0 to 1, in order.

        None for every face where there is no liveness model.

        Args:
            image: The picture the faces were found in.
            faces: With boxes in its pixels.

        Raises:
            MatcherClosedError: The matcher is closed or closing.
            MatcherError: A face has no box, or inference failed.
        """
        if self._crops is None:
            return [None] * len(faces)
        crops = await self._off_loop(_cut_all, image, faces)
        return await asyncio.gather(*(self._crops.submit(crop) for crop in crops))

    async def close(self) -> None:
        """End every wait with MatcherClosedError; returns when no thread works any more."""
        self._closed = True
        batchers = (self._pictures, self._chips, self._crops)
        await asyncio.gather(*(one.close() for one in batchers if one is not None))
        await asyncio.to_thread(self._workers.shutdown, wait=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _off_loop(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run OpenCV work in the thread pool.

        Cancelling waits for the work to end, milliseconds: the picture may lie in memory that its
        owner unmaps as soon as the call returns.
        """
        if self._closed:
            raise MatcherClosedError("the matcher is shutting down; start it again")
        call = asyncio.wrap_future(self._workers.submit(work, *args, **kwargs))
        try:
            await asyncio.wait([call])
        except asyncio.CancelledError:
            while not call.done():
                try:
                    await asyncio.wait([call])
                except asyncio.CancelledError:
                    continue
            call.exception()  # looked at, so that nobody complains about it later
            raise
        return call.result()


def _align_all(image: Image, faces: Sequence[Face], chip: ChipLayout) -> list[Image]:
    return [align(image, face.landmarks, chip) for face in faces]


def _cut_all(image: Image, faces: Sequence[Face]) -> list[Image]:
    return [liveness_crop(image, face) for face in faces]
