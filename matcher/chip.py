"""What an aligned face looks like to an embedder: its size and where the landmarks lie in it."""

from dataclasses import dataclass

_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ChipLayout:
    """A square chip and its five points.

    Attributes:
        side_px: Side of the chip, pixels.
        points: Eye, eye, nose, mouth corner, mouth corner, left to right; x and y in chip pixels.
    """

    side_px: int
    points: tuple[_Point, _Point, _Point, _Point, _Point]


DLIB_CHIP = ChipLayout(
    150, ((47.5, 46.6), (100.5, 46.6), (74.0, 76.6), (50.4, 103.0), (97.6, 103.0))
)
"""For dlib's face networks."""

ARCFACE_CHIP = ChipLayout(
    112,
    (
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ),
)
"""For networks of the ArcFace family, SFace among them."""
