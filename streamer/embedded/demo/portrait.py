"""Cuts a person's head out of a photograph, and makes the photos they are enrolled from.

The two are treated differently on purpose, but come from one photograph: see the package.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from matcher.face import Image
from streamer.embedded.demo.photographs import Person
from streamer.patients.photo import Photo

HEAD_FACE_PX = 150.0
_SIDE_PX = 360
_FACE_AT = (0.5, 0.54)
_GRAB_CUT_ROUNDS = 3
_PHOTO_SIDE_PX = 340
_CAP = (46, 52, 60)
_UPRIGHT = 0.8  # the share of a head's lean that is taken away

Mask = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A head with its outline.

    Attributes:
        image: uint8 (360, 360, 3) RGB; the face is 150 px wide, its centre at `face_at`.
        alpha: float32 (360, 360), 0 to 1.
        face_at: Pixel (x, y) of the face's centre.
        skin: Colour of the cheeks, RGB.
    """

    image: Image
    alpha: Mask
    face_at: tuple[float, float]
    skin: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _FacePlace:
    """A face in the cut: its box's centre, where eyes and nose are, its height; pixels."""

    at: tuple[float, float]
    nose_x: float
    height: float


def cut_head(person: Person) -> Head:
    """Cut out the head, hair included, and turn it upright."""
    x1, y1, x2, y2 = person.face.bbox
    scale, middle = HEAD_FACE_PX / (x2 - x1), ((x1 + x2) / 2, (y1 + y2) / 2)
    at = (_SIDE_PX * _FACE_AT[0], _SIDE_PX * _FACE_AT[1])
    move = cv2.getRotationMatrix2D(middle, _UPRIGHT * _lean(person), scale)
    move[:, 2] += np.array([at[0] - middle[0], at[1] - middle[1]])
    cut = cv2.warpAffine(
        person.image,
        move,
        (_SIDE_PX, _SIDE_PX),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    image = _tinted(np.ascontiguousarray(cut, dtype=np.uint8))
    height = scale * (y2 - y1)
    row, column = round(at[1]), round(at[0])
    cheeks = image[row : row + round(height * 0.2), column - 40 : column + 40].reshape(-1, 3)
    red, green, blue = (int(value) for value in np.median(cheeks, axis=0))
    inside = person.face.quality.border_px >= 0
    nose = move @ np.array([*person.face.landmarks[:3].mean(axis=0), 1.0])
    face = _FacePlace(at, float(nose[0]), height)
    if inside:
        alpha = _outline(image, face)
    else:
        # The photograph ends where the head does: a plain oval, and a cap over what is missing.
        alpha = _oval(face)
        image[: row - round(0.33 * height)] = _CAP
    return Head(image, alpha, at, (red, green, blue))


def _lean(person: Person) -> float:
    """Degrees the line between the eyes leans, clockwise in the picture."""
    (left_x, left_y), (right_x, right_y) = person.face.landmarks[:2]
    return math.degrees(math.atan2(right_y - left_y, right_x - left_x))


def enrolment_photos(person: Person) -> list[Photo]:
    """Two photos of the person alone, as a desk's camera might take them."""
    near = _photo(person, scale=1.45, turn=-3.0, gain=1.08, quality=88)
    far = _photo(person, scale=1.15, turn=4.0, gain=0.86, quality=72)
    return [Photo("first", near), Photo("second", far)]


def _photo(person: Person, *, scale: float, turn: float, gain: float, quality: int) -> Image:
    x1, y1, x2, y2 = person.face.bbox
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    move = cv2.getRotationMatrix2D(middle, turn, scale * 100.0 / (x2 - x1))
    half = _PHOTO_SIDE_PX / 2
    move[:, 2] += np.array([half - middle[0], half - middle[1]])
    size = (_PHOTO_SIDE_PX, _PHOTO_SIDE_PX)
    cut = cv2.warpAffine(person.image, move, size, flags=cv2.INTER_AREA)
    # Neighbours in a group picture are left out: an enrolment photo shows one person.
    shown = cv2.convertScaleAbs(cut, alpha=gain)
    return through_jpeg(np.ascontiguousarray(shown, dtype=np.uint8), quality)


def through_jpeg(image: Image, quality: int) -> Image:
    """Compress and decompress."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    back = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert back is not None
    return np.ascontiguousarray(back, dtype=np.uint8)


def _tinted(image: Image) -> Image:
    """Give a grey photograph a warm tint, so that it does not stand out in a lobby."""
    spread = image.max(axis=2).astype(np.int16) - image.min(axis=2)
    if float(spread.mean()) > 8:
        return image
    warm = image.astype(np.float32) * np.array([1.08, 0.90, 0.78], np.float32)
    return np.clip(warm, 0, 255).astype(np.uint8)


def _outline(image: Image, face: _FacePlace) -> Mask:
    """Where the head is: GrabCut (Rother et al., 2004) begun with ellipses around the face."""
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    marks = np.full(half.shape[:2], cv2.GC_BGD, np.uint8)
    x, y, tall = face.at[0] / 2, face.at[1] / 2, face.height / 2
    # A face that looks aside has its nose at one side of the box and nothing behind it: the head
    # is on the other side.
    head_x = x + 0.6 * (x - face.nose_x / 2)
    _ellipse(marks, (x, y - 0.12 * tall), (62.0, 0.86 * tall), cv2.GC_PR_FGD)
    _ellipse(marks, (head_x, y), (26.0, 0.44 * tall), cv2.GC_FGD)
    # The box ends at the hairline: what is just above it is hair.
    _ellipse(marks, (head_x, y - 0.50 * tall), (22.0, 0.08 * tall), cv2.GC_FGD)
    cv2.setRNGSeed(1)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    nowhere = (0, 0, 0, 0)
    cv2.grabCut(
        half, marks, nowhere, background, foreground, _GRAB_CUT_ROUNDS, cv2.GC_INIT_WITH_MASK
    )
    inside = ((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)).astype(np.uint8)
    closed = cv2.morphologyEx(inside, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    # Only the piece with the face in it.
    _, labels = cv2.connectedComponents(closed)
    own = labels == labels[round(y), round(head_x)]
    return _softened(cv2.resize(own.astype(np.float32), (_SIDE_PX, _SIDE_PX)))


def _oval(face: _FacePlace) -> Mask:
    """A plain oval around the face."""
    mask = np.zeros((_SIDE_PX, _SIDE_PX), np.uint8)
    _ellipse(mask, (face.at[0], face.at[1] - 0.08 * face.height), (84.0, 0.60 * face.height), 1)
    return _softened(mask.astype(np.float32))


def _ellipse(
    mask: npt.NDArray[np.uint8], at: tuple[float, float], radii: tuple[float, float], value: int
) -> None:
    centre, axes = (round(at[0]), round(at[1])), (round(radii[0]), round(radii[1]))
    cv2.ellipse(mask, centre, axes, 0, 0, 360, value, -1)


def _softened(mask: npt.NDArray[np.float32]) -> Mask:
    soft = cv2.GaussianBlur(mask, (0, 0), 3.0)
    return np.asarray(np.clip(soft * 1.4 - 0.3, 0, 1), dtype=np.float32)
