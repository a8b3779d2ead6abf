"""Finds faces in pictures: resize, run the network in batches of equal size, map back, measure."""

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.batching import pad, plan
from matcher.detection import Decode, Detection, Outputs, decode_centerface
from matcher.face import Face, Image
from matcher.prepared import MULTIPLE, Prepared
from matcher.quality import assess
from matcher.session import Session, Shape

_CPU_BUCKETS = (1,)
_CUDA_BUCKETS = (1, 2, 4, 8)
_WARM_SHAPES = ((480, 640), (384, 640))


class Detector:
    """CenterFace, or another network whose graph takes uint8 pictures, on one session.

    `detect` does everything. A caller with threads of its own runs `prepare` and `assess` there
    and only `find` where the session lives.
    """

    def __init__(
        self,
        session: Session,
        *,
        decode: Decode = decode_centerface,
        max_side: int = 640,
        min_score: float = 0.5,
        max_overlap: float = 0.3,
        buckets: Sequence[int] | None = None,
    ) -> None:
        """Wrap a session.

        Args:
            session: The pack's detector.
            decode: Reads what it says of one picture.
            max_side: A picture with a longer side is reduced to it before analysis, pixels.
            min_score: Fainter faces are not reported.
            max_overlap: For non-maximum suppression.
            buckets: Batch sizes; by default one by one on the CPU, where batches gain nothing.
        """
        if max_side < MULTIPLE:
            raise ValueError(f"max_side must be {MULTIPLE} or more")
        self._session = session
        self._decode = decode
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
        return Prepared.of(image, self._max_side)

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
                outputs = self._run(pad(pixels, batch.size))
                for index, one in zip(chosen, outputs, strict=False):
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

    def _decoded(self, picture: Prepared, outputs: Outputs) -> tuple[Detection, ...]:
        width = picture.pixels.shape[1]
        faces = self._decode(outputs, width, self._min_score, self._max_overlap)
        return tuple(face.scaled(1 / picture.scale_x, 1 / picture.scale_y) for face in faces)

    def _run(self, pixels: Image) -> list[Outputs]:
        out = self._session.run({"image": pixels})
        return [{name: values[i] for name, values in out.items()} for i in range(len(pixels))]


def _by_shape(pictures: Sequence[Prepared]) -> list[list[int]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, picture in enumerate(pictures):
        groups.setdefault(picture.pixels.shape, []).append(index)
    return list(groups.values())
