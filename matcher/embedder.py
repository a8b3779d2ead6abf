"""Turns aligned chips into vectors: mirror, run in fixed batch sizes, average."""

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.batching import BUCKETS, pad, plan
from matcher.chip import DLIB_CHIP, ChipLayout
from matcher.errors import MatcherError
from matcher.face import Embedding, Image, Vector
from matcher.session import Session, Shape


class Embedder:
    """The pack's face network on one session. Euclidean distance compares its vectors."""

    def __init__(
        self,
        session: Session,
        pack_id: str,
        *,
        chip: ChipLayout = DLIB_CHIP,
        unit_norm: bool = False,
        buckets: Sequence[int] = BUCKETS,
    ) -> None:
        """Wrap a session.

        Args:
            session: The pack's embedder.
            pack_id: Goes with every embedding.
            chip: The aligned face the network wants.
            unit_norm: Whether vectors are scaled to length 1.
            buckets: Allowed batch sizes; a chip takes two places, itself and its mirror image.
        """
        self._session = session
        self._pack_id = pack_id
        self._chip = chip
        self._unit_norm = unit_norm
        self._buckets = tuple(buckets)

    @property
    def chip(self) -> ChipLayout:
        """The aligned face the network wants."""
        return self._chip

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
        side = self._chip.side_px
        for size in self._buckets:
            self._forward(np.zeros((size, side, side, 3), np.uint8))

    def embed(self, chips: Image) -> list[Embedding]:
        """One embedding per chip, averaged over the chip and its mirror image; blocking.

        Args:
            chips: uint8 (n, side, side, 3) RGB.

        Raises:
            MatcherError: The chips have another shape, or inference failed.
        """
        side = self._chip.side_px
        if chips.ndim != 4 or chips.shape[1:] != (side, side, 3) or chips.dtype != np.uint8:
            raise MatcherError(
                f"chips must be uint8 (n, {side}, {side}, 3), not {chips.dtype} {chips.shape}"
            )
        if len(chips) == 0:
            return []
        both = np.stack([chips, chips[:, :, ::-1]], axis=1).reshape(-1, side, side, 3)
        vectors = self._vectors(both)
        means = vectors.reshape(len(chips), 2, -1).mean(axis=1, dtype=np.float64)
        if self._unit_norm:
            # A vector of length 0 becomes no number, which is refused below.
            with np.errstate(invalid="ignore"):
                means /= np.linalg.norm(means, axis=1, keepdims=True)
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
            parts.append(self._forward(padded)[: batch.stop - batch.start])
        return np.concatenate(parts)

    def _forward(self, chips: Image) -> Vector:
        """The network's vectors, float32 (n, d), of one batch of uint8 (n, side, side, 3) RGB."""
        return self._session.run({"chip": chips})["embedding"]
