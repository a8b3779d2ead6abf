"""Finds faces in pictures: resize, run CenterFace in batches of equal size, map back, measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from matcher.batching import pad, plan
from matcher.detection import Detection, Maps, decode
from matcher.errors import MatcherError
from matcher.face import Face, Image
from matcher.quality import assess
from matcher.session import Session, Shape

_MULTIPLE = 32
_CPU_BUCKETS = (1,)
_CUDA_BUCKETS = (1, 2, 4, 8)
_WARM_SHAPES = ((480, 640), (384, 640))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as the network takes it.

    Attributes:
        pixels: uint8 (height, width, 3), both multiples of 32, black at the right and bottom.
        scale_x: Analysed pixels per full-resolution pixel, across.
        scale_y: The same, down.
    """

    pixels: Image
    scale_x: float
    scale_y: float


class Detector:
    """CenterFace on one session.

    `detect` does everything. A caller with threads of its own runs `prepare` and `assess` there
    and only `find` where the session lives.
    """

    def __init__(
        self,
        session: Session,
        *,
        max_side: int = 640,
        min_score: float = 0.5,
        max_overlap: float = 0.3,
        buckets: Sequence[int] | None = None,
    ) -> None:
        """Wrap a session.

        Args:
            session: The pack's detector.
            max_side: A picture with a longer side is reduced to it before analysis, pixels.
            min_score: Fainter faces are not reported.
            max_overlap: For non-maximum suppression.
            buckets: Batch sizes; by default one by one on the CPU, where batches gain nothing.
        """
        if max_side < _MULTIPLE:
            raise ValueError(f"max_side must be {_MULTIPLE} or more")
        self._session = session
        self._max_side = max_side
        self._min_score = min_score
        self._max_overlap = max_overlap
        default = _CUDA_BUCKETS if session.device == "cuda" else _CPU_BUCKETS
        self._buckets = tuple(buckets) if buckets is not None else default

    @property
    def max_batch(self) -> int:
        """The largest number of pictures run at once."""
        return self._buckets[-1]

    @property
    def runs(self) -> Mapping[Shape, int]:
        """How often the network ran so far, by the shape of its input."""
        return self._session.runs

    def warm_up(self) -> None:
        """Run every batch size once on the usual picture shapes; blocking."""
        for height, width in _WARM_SHAPES:
            for size in self._buckets:
                self._run(np.zeros((size, height, width, 3), np.uint8))

    def prepare(self, image: Image) -> Prepared:
        """A reduced, padded copy of the picture; never enlarged.

        Raises:
            MatcherError: It is no uint8 (h, w, 3) array with pixels in it.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise MatcherError(
                f"a picture must be uint8 (height, width, 3), not {image.dtype} {image.shape}"
            )
        height, width = image.shape[:2]
        scale = min(1.0, self._max_side / max(height, width))
        new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
        canvas = np.zeros((_rounded_up(new_height), _rounded_up(new_width), 3), np.uint8)
        if scale < 1.0:
            image = np.asarray(
                cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_AREA),
                dtype=np.uint8,
            )
        canvas[:new_height, :new_width] = image
        return Prepared(canvas, new_width / width, new_height / height)

    def find(self, pictures: Sequence[Prepared]) -> list[tuple[Detection, ...]]:
        """Detections per picture, in its full-resolution pixels, best first; blocking.

        Raises:
            MatcherError: Inference failed.
        """
        found: list[tuple[Detection, ...]] = [()] * len(pictures)
        for indices in _by_shape(pictures):
            for batch in plan(len(indices), self._buckets):
                chosen = indices[batch.start : batch.stop]
                pixels = np.stack([pictures[i].pixels for i in chosen])
                maps = self._run(pad(pixels, batch.size))
                for index, one in zip(chosen, maps, strict=False):
                    found[index] = self._decoded(pictures[index], one)
        return found

    def detect(self, images: Sequence[Image]) -> list[tuple[Face, ...]]:
        """Faces per picture, best first, measured on the full-resolution picture; blocking.

        Args:
            images: uint8 (h, w, 3) RGB each; sizes may differ.

        Raises:
            MatcherError: A picture is none, or inference failed.
        """
        found = self.find([self.prepare(image) for image in images])
        return [assess(image, faces) for image, faces in zip(images, found, strict=True)]

    def _decoded(self, picture: Prepared, maps: Maps) -> tuple[Detection, ...]:
        faces = decode(maps, self._min_score, self._max_overlap)
        return tuple(face.scaled(1 / picture.scale_x, 1 / picture.scale_y) for face in faces)

    def _run(self, pixels: Image) -> list[Maps]:
        out = self._session.run({"image": pixels})
        return [
            Maps(*parts)
            for parts in zip(
                out["heatmap"], out["size"], out["offset"], out["landmarks"], strict=True
            )
        ]


def _by_shape(pictures: Sequence[Prepared]) -> list[list[int]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, picture in enumerate(pictures):
        groups.setdefault(picture.pixels.shape, []).append(index)
    return list(groups.values())


def _rounded_up(length: int) -> int:
    return -(-length // _MULTIPLE) * _MULTIPLE
