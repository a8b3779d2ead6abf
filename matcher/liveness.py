"""Tells a living face from a print or a screen, as far as one picture can. Used by `Matcher`.

A signal for a person to look, never a verdict: see docs/liveness.md for what it can't do.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from matcher.batching import BUCKETS, pad, plan
from matcher.errors import MatcherError, ModelPackError
from matcher.face import Face, Image, Vector
from matcher.session import Hardware, Session

CROP_PX: Final = 128
DOUBTFUL_BELOW: Final = 0.5
"""Where the network takes a face rather for a picture of one than for a living one."""
# As the network was trained: a square one and a half times the longer side of the face's box,
# mirrored where the picture ends.
_AROUND: Final = 1.5


def liveness_crop(image: Image, face: Face) -> Image:
    """The face and its surroundings as the network wants them: uint8 (128, 128, 3) RGB.

    Args:
        image: The full-resolution picture, uint8 (h, w, 3).
        face: With its box in pixels of that picture.

    Raises:
        MatcherError: The box is empty, no numbers, or lies outside the picture.
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = face.bbox
    side = _AROUND * max(x2 - x1, y2 - y1)
    left, top = (x1 + x2 - side) / 2, (y1 + y2 - side) / 2
    if not np.isfinite([left, top, side]).all() or side < 1 or side > 2 * max(width, height):
        raise MatcherError("a face's box is empty or no box; there is nothing to look at")
    # Pixels taken, the mirrored ones at the picture's borders among them.
    columns = _mirrored(np.arange(round(left), round(left) + max(1, round(side))), width)
    rows = _mirrored(np.arange(round(top), round(top) + max(1, round(side))), height)
    square = np.ascontiguousarray(image[rows[:, None], columns])
    method = cv2.INTER_AREA if len(rows) > CROP_PX else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(square, (CROP_PX, CROP_PX), interpolation=method), dtype=np.uint8)


class Liveness:
    """MiniFAS (Silent-Face-Anti-Spoofing's network) on a session of its own."""

    def __init__(self, session: Session, *, buckets: Sequence[int] = BUCKETS) -> None:
        """Wrap a session.

        Args:
            session: Takes float32 (batch, 3, 128, 128), RGB, 0 to 1; gives (batch, 2): real, spoof.
            buckets: Allowed batch sizes.

        Raises:
            ModelPackError: The graph is of another kind.
        """
        inputs, outputs = session.inputs, session.outputs
        if len(inputs) != 1 or len(outputs) != 1 or inputs[0].type != "tensor(float)":
            raise ModelPackError(
                f"{session.name}: is no liveness model; it must take one picture and give one pair "
                "of figures; see docs/liveness.md"
            )
        self._session = session
        self._input, self._output = inputs[0].name, outputs[0].name
        self._buckets = tuple(buckets)

    @property
    def max_batch(self) -> int:
        """The largest number of crops run at once."""
        return self._buckets[-1]

    def warm_up(self) -> None:
        """Run every batch size once; blocking.

        Raises:
            ModelPackError: The network takes or gives something else.
        """
        for size in self._buckets:
            try:
                self.scores(np.zeros((size, CROP_PX, CROP_PX, 3), np.uint8))
            except MatcherError as error:
                raise ModelPackError(
                    f"{self._session.name}: is no liveness model of {CROP_PX}x{CROP_PX} pixels "
                    f"({error}); see docs/liveness.md"
                ) from error

    def scores(self, crops: Image) -> list[float]:
        """How surely each crop shows a living face, 0 to 1; blocking.

        Args:
            crops: uint8 (n, 128, 128, 3) RGB.

        Raises:
            MatcherError: Inference failed, or gave no such figures.
        """
        scores: list[float] = []
        for batch in plan(len(crops), self._buckets):
            padded = pad(crops[batch.start : batch.stop], batch.size)
            pixels = padded.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
            pairs = self._session.run({self._input: np.ascontiguousarray(pixels)})[self._output]
            if pairs.shape != (batch.size, 2) or not np.isfinite(pairs).all():
                raise MatcherError(f"{self._session.name}: gave no pair of figures for each face")
            scores += _probabilities(pairs[: batch.stop - batch.start])
        return scores


def open_liveness(content: bytes, hardware: Hardware) -> Liveness:
    """Load a model and run it once in every batch size; blocking.

    Args:
        content: The ONNX file's bytes.
        hardware: Device and threads.

    Raises:
        DeviceError: CUDA was asked for and cannot be had.
        ModelPackError: The bytes are no liveness model.
    """
    try:
        session = Session.open(content, "liveness.onnx", hardware)
    except ModelPackError as error:
        raise ModelPackError(
            "liveness.onnx: ONNX Runtime cannot load it; see docs/liveness.md"
        ) from error
    liveness = Liveness(session)
    liveness.warm_up()
    return liveness


def _probabilities(pairs: Vector) -> list[float]:
    """Softmax of (real, spoof), the first."""
    return [float(one) for one in 1.0 / (1.0 + np.exp(pairs[:, 1] - pairs[:, 0]).astype(float))]


def _mirrored(places: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Places along a side of the picture; beyond its end they run back, the last not twice."""
    if length == 1:
        return np.zeros_like(places)
    period = 2 * (length - 1)
    folded = np.abs(places) % period
    return np.asarray(np.minimum(folded, period - folded), dtype=np.intp)
