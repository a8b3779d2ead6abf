"""Draws one person on their way through the lobby. Pure: a picture and a time in, pixels changed.

Clothes are drawn; the head is cut from a photograph.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from matcher.face import Image
from streamer.embedded.demo.cast import Walk
from streamer.embedded.demo.portrait import HEAD_FACE_PX, Head, through_jpeg
from streamer.embedded.demo.scene import (
    BACK_WALL_M,
    CAMERA_HEIGHT_M,
    FOCAL_PX,
    HEIGHT,
    HORIZON_PX,
    WIDTH,
    doorway,
)

_FACE_M = 0.15
_STARTS_M = 6.0
_GONE_M = 0.45
_STEPS_A_SECOND = 1.7
_BOB_M = 0.02
_SHOULDERS_UP_M = 0.045
_SHIFT = 4  # binary places of OpenCV's sub-pixel coordinates

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Pose:
    """Where somebody is: metres to the right, away, above their height; and their step's phase."""

    x: float
    z: float
    bob: float
    phase: float


def seconds_of(walk: Walk) -> float:
    """How long somebody is on the way, from behind the door to past the camera."""
    return (_STARTS_M - _GONE_M) / walk.pace


def pose_at(walk: Walk, seconds: float) -> Pose | None:
    """Where they are so long after entering; None before and after."""
    if not 0 <= seconds < seconds_of(walk):
        return None
    z = _STARTS_M - walk.pace * seconds
    # Past the door they turn towards where they pass the camera.
    share = min(1.0, max(0.0, (BACK_WALL_M - z) / (BACK_WALL_M - 1.6)))
    eased = share * share * (3 - 2 * share)
    side = math.copysign(1.5, walk.door) * max(0.0, z - BACK_WALL_M) / (_STARTS_M - BACK_WALL_M)
    phase = 2 * math.pi * _STEPS_A_SECOND * seconds / 2
    x = walk.door + side + (walk.passes - walk.door) * eased + 0.015 * math.sin(phase)
    return Pose(x, z, _BOB_M * math.cos(2 * phase), phase)


def draw_walker(picture: Image, head: Head, walk: Walk, pose: Pose) -> None:
    """Draw somebody into the picture (uint8 (720, 1280, 3) RGB), in place."""
    scale = FOCAL_PX / pose.z
    eye_x = WIDTH / 2 + pose.x * scale
    eye_y = HORIZON_PX + (CAMERA_HEIGHT_M - walk.height - pose.bob) * scale
    left, right = max(0, int(eye_x - 0.55 * scale)), min(WIDTH, int(eye_x + 0.55 * scale))
    top, bottom = max(0, int(eye_y - 0.35 * scale)), min(HEIGHT, int(eye_y + 1.85 * scale))
    if pose.z > BACK_WALL_M:
        door = doorway()
        left, right = max(left, door.left + 4), min(right, door.right - 4)
        bottom = min(bottom, door.bottom)
    if right - left < 2 or bottom - top < 2:
        return
    # A layer of its own, so that light, blur and compression change the person alone.
    behind = picture[top:bottom, left:right]
    layer, alpha = behind.copy(), np.zeros(behind.shape[:2], np.float32)
    figure = _Figure(layer, alpha, (eye_x - left, eye_y - top), scale)
    figure.body(walk, head, pose)
    figure.head(walk, head, pose)
    picture[top:bottom, left:right] = _blended(behind, figure.layer, alpha, walk, pose)


class _Figure:
    """One person's layer while it is drawn; coordinates in metres from between the eyes."""

    def __init__(
        self,
        layer: Image,
        alpha: npt.NDArray[np.float32],
        eyes: tuple[float, float],
        scale: float,
    ) -> None:
        self.layer = layer
        self._alpha = alpha
        self._eyes = eyes
        self._scale = scale

    def body(self, walk: Walk, head: Head, pose: Pose) -> None:
        """Legs, arms, trunk and neck, in that order."""
        swing = math.sin(pose.phase)
        dark = _shaded(walk.coat, 0.45)
        ground = walk.height + 0.02 + _SHOULDERS_UP_M
        for sign in (-1.0, 1.0):
            lift = 0.07 * max(0.0, sign * swing)
            foot = ground - lift
            leg = [
                (sign * 0.02, 0.72),
                (sign * 0.19, 0.72),
                (sign * 0.15, foot),
                (sign * 0.05, foot),
            ]
            self._fill(leg, dark)
            self._fill(
                [
                    (sign * 0.04, foot - 0.05),
                    (sign * 0.16, foot - 0.05),
                    (sign * 0.18, foot + 0.02),
                    (sign * 0.03, foot + 0.02),
                ],
                (40, 38, 38),
            )
        for sign in (-1.0, 1.0):
            reach = 0.80 + 0.04 * sign * swing
            arm = [
                (sign * 0.19, 0.27),
                (sign * 0.245, 0.33),
                (sign * 0.275, reach),
                (sign * 0.20, reach),
            ]
            self._fill(arm, _shaded(walk.coat, 0.8))
            hand = [
                (sign * 0.205, reach),
                (sign * 0.27, reach),
                (sign * 0.25, reach + 0.1),
                (sign * 0.21, reach + 0.1),
            ]
            self._fill(hand, head.skin)
        trunk = [
            (-0.08, 0.215),
            (0.08, 0.215),
            (0.2, 0.26),
            (0.225, 0.34),
            (0.19, 0.60),
            (0.2, 0.82),
            (-0.2, 0.82),
            (-0.19, 0.60),
            (-0.225, 0.34),
            (-0.2, 0.26),
        ]
        neck = [(-0.055, 0.05), (0.055, 0.05), (0.062, 0.23), (0.0, 0.29), (-0.062, 0.23)]
        self._fill(trunk, walk.coat)
        self._fill([(-0.005, 0.28), (0.005, 0.28), (0.006, 0.82), (-0.006, 0.82)], dark)
        self._fill(neck, _shaded(head.skin, 0.78))

    def head(self, walk: Walk, head: Head, pose: Pose) -> None:
        """Paste the head, its face as wide as a face is at that distance."""
        size = self._scale * _FACE_M / HEAD_FACE_PX
        turn = walk.tilt * math.sin(pose.phase / 2)
        move = cv2.getRotationMatrix2D(head.face_at, turn, size)
        # The middle of the face is a little below the eyes.
        x, y = self._eyes[0], self._eyes[1] + 0.03 * self._scale
        move[:, 2] += np.array([x - head.face_at[0], y - head.face_at[1]])
        height, width = self._alpha.shape
        shrunk = cv2.INTER_AREA if size < 1 else cv2.INTER_CUBIC
        source, mask = head.image, head.alpha
        if size < 0.5:
            # warpAffine does not average when it shrinks: without this small heads alias.
            sigma = 0.35 / size
            source = np.asarray(cv2.GaussianBlur(source, (0, 0), sigma), dtype=np.uint8)
            mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), dtype=np.float32)
        pasted = cv2.warpAffine(source, move, (width, height), flags=shrunk)
        cover = cv2.warpAffine(mask, move, (width, height), flags=cv2.INTER_LINEAR)
        self.layer[...] = cv2.blendLinear(pasted, self.layer, cover, 1 - cover)
        np.maximum(self._alpha, cover, out=self._alpha)

    def _fill(self, outline: Points, colour: tuple[int, int, int]) -> None:
        places = [
            (self._eyes[0] + x * self._scale, self._eyes[1] + (y - _SHOULDERS_UP_M) * self._scale)
            for x, y in outline
        ]
        points = [np.round(np.array(places) * (1 << _SHIFT)).astype(np.int32)]
        cv2.fillPoly(self.layer, points, colour, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self._alpha, points, 1.0, cv2.LINE_AA, _SHIFT)


def _blended(
    behind: Image, layer: Image, alpha: npt.NDArray[np.float32], walk: Walk, pose: Pose
) -> Image:
    """Light, blur and compression of the layer, then the layer over what is behind it."""
    # Against the bright door people are darker; the lamps come and go above them.
    light = (
        walk.light
        * (1 - 0.18 * max(0.0, (pose.z - 3.0) / 3.0))
        * (1 + 0.05 * math.sin(2.1 * pose.z))
    )
    shown = np.asarray(cv2.convertScaleAbs(layer, alpha=light), dtype=np.uint8)
    if walk.jpeg is not None:
        shown = through_jpeg(shown, walk.jpeg)
    if walk.blur:
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), walk.blur), dtype=np.uint8)
    weight = cv2.GaussianBlur(alpha, (0, 0), 0.7)
    mixed = cv2.blendLinear(shown, np.ascontiguousarray(behind), weight, 1 - weight)
    return np.asarray(mixed, dtype=np.uint8)


def _shaded(colour: tuple[int, int, int], gain: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, round(value * gain)) for value in colour)
    return red, green, blue
