"""What finds faces, whichever pack it is of. `matcher.loading` makes one, `Matcher` uses it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from matcher.detection import Detection
from matcher.face import Image
from matcher.prepared import Prepared
from matcher.session import Shape


class FaceDetector(Protocol):
    """Prepares pictures in any thread and finds faces in the session's."""

    @property
    def max_batch(self) -> int:
        """The largest number of pictures run at once."""
        ...

    @property
    def runs(self) -> Mapping[Shape, int]:
        """How often the network ran so far, by the shape of its input."""
        ...

    def warm_up(self) -> None:
        """Run every batch size once on the usual picture shapes; blocking."""
        ...

    def prepare(self, image: Image) -> Prepared:
        """A reduced, padded copy of the picture; never enlarged.

        Raises:
            MatcherError: It is no uint8 (h, w, 3) array with pixels in it.
        """
        ...

    def find(self, pictures: Sequence[Prepared]) -> list[tuple[Detection, ...]]:
        """Detections per picture, in its full-resolution pixels, best first; blocking.

        Raises:
            MatcherError: Inference failed.
        """
        ...
