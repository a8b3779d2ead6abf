"""What turns chips into vectors, whichever pack it comes from. `matcher.loading` makes one."""

from collections.abc import Mapping
from typing import Protocol

from matcher.chip import ChipLayout
from matcher.face import Embedding, Image
from matcher.session import Shape


class FaceEmbedder(Protocol):
    """Embeds aligned chips in batches."""

    @property
    def chip(self) -> ChipLayout:
        """The aligned face it wants."""
        ...

    @property
    def max_batch(self) -> int:
        """How many chips fill the largest batch."""
        ...

    @property
    def runs(self) -> Mapping[Shape, int]:
        """How often the network ran so far, by the shape of its input."""
        ...

    def warm_up(self) -> None:
        """Run every batch size once; blocking."""
        ...

    def embed(self, chips: Image) -> list[Embedding]:
        """One embedding per chip; blocking.

        Args:
            chips: uint8 (n, side, side, 3) RGB.

        Raises:
            MatcherError: The chips have another shape, or inference failed.
        """
        ...
