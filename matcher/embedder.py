"""Turns aligned chips into vectors: mirror, run in fixed batch sizes, average."""

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.alignment import CHIP_PX
from matcher.batching import BUCKETS, pad, plan
from matcher.errors import MatcherError
from matcher.face import Embedding, Image, Vector
from matcher.session import Session, Shape


class Embedder:
    """The pack's face network on one session. Its vectors are raw: Euclidean distance compares."""

    def __init__(self, session: Session, pack_id: str, *, buckets: Sequence[int] = BUCKETS) -> None:
        """Wrap a session.

        Args:
            session: The pack's embedder.
            pack_id: Goes with every embedding.
            buckets: Allowed batch sizes; a chip takes two places, itself and its mirror image.
        """
        self._session = session
        self._pack_id = pack_id
        self._buckets = tuple(buckets)

    @property
    def max_batch(self) -> int:
        """How many chips fill the largest batch."""
        return max(1, self._buckets[-1] // 2)

    @property
    def runs(self) -> Mapping[Shape, int]:
        """How often the network ran so far, by the shape of its input."""
        return self._session.runs

    def warm_up(self) -> None:
        """Run every batch size once; blocking."""
        for size in self._buckets:
            self._session.run({"chip": np.zeros((size, CHIP_PX, CHIP_PX, 3), np.uint8)})

    def embed(self, chips: Image) -> list[Embedding]:
        """One embedding per chip, averaged over the chip and its mirror image; blocking.

        Args:
            chips: uint8 (n, 150, 150, 3) RGB.

        Raises:
            MatcherError: The chips have another shape, or inference failed.
        """
        if chips.ndim != 4 or chips.shape[1:] != (CHIP_PX, CHIP_PX, 3) or chips.dtype != np.uint8:
            raise MatcherError(
                f"chips must be uint8 (n, {CHIP_PX}, {CHIP_PX}, 3), not {chips.dtype} {chips.shape}"
            )
        if len(chips) == 0:
            return []
        both = np.stack([chips, chips[:, :, ::-1]], axis=1).reshape(-1, CHIP_PX, CHIP_PX, 3)
        vectors = self._vectors(both)
        means = vectors.reshape(len(chips), 2, -1).mean(axis=1, dtype=np.float64)
        if not np.isfinite(means).all():
            raise MatcherError(
                f"{self._session.name}: the network gave values that are no numbers; "
                "run: kirdi models verify"
            )
        return [Embedding(vector.astype(np.float32), self._pack_id) for vector in means]

    def _vectors(self, inputs: Image) -> Vector:
        parts = []
        for batch in plan(len(inputs), self._buckets):
            padded = pad(inputs[batch.start : batch.stop], batch.size)
            out = self._session.run({"chip": padded})["embedding"]
            parts.append(out[: batch.stop - batch.start])
        return np.concatenate(parts)
