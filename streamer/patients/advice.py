"""What could be better about a picture, before it is sent to be enrolled. Asked by pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from matcher.face import Face

# As in enrolment: reflections and posters score lower.
_SECOND_FACE_SCORE: Final = 0.6
# The oval on the page: a face in the middle of the picture, neither far off nor cut.
_MIDDLE: Final = 0.22


@dataclass(frozen=True, slots=True)
class Advice:
    """Of one picture.

    Attributes:
        faces: How many are in it.
        shortcoming: Why it can't be used, or could be better: a word of `matcher.quality`, or
            `no_face`, `several_faces`, `off_centre`, `small`; None = it is good.
        usable: It can be enrolled from.
        bbox: Of the face, in shares of the picture's width and height; None where there is not one.
    """

    faces: int
    shortcoming: str | None
    usable: bool
    bbox: tuple[float, float, float, float] | None = None


def advise(
    faces: Sequence[Face],
    size: tuple[int, int],
    gate: Callable[[Face], str | None],
    warn_face_px: float,
) -> Advice:
    """Say what to do before the picture is taken.

    Args:
        faces: All that were found.
        size: The picture's width and height, pixels.
        gate: The same that enrolment and cameras have.
        warn_face_px: A narrower face would warn.
    """
    sure = [face for face in faces if face.score >= _SECOND_FACE_SCORE]
    if len(sure) != 1:
        return Advice(len(sure), "several_faces" if sure else "no_face", usable=False)
    (face,) = sure
    width, height = size
    x1, y1, x2, y2 = face.bbox
    bbox = (x1 / width, y1 / height, x2 / width, y2 / height)
    shortcoming = gate(face)
    usable = shortcoming is None
    if usable and face.quality.width_px < warn_face_px:
        shortcoming = "small"
    elif usable and abs((bbox[0] + bbox[2]) / 2 - 0.5) > _MIDDLE:
        shortcoming = "off_centre"
    return Advice(1, shortcoming, usable, bbox)
