"""The lobby without people: a drawn room and the pinhole camera that looks at it. Pure.

Metres: x to the right, y downwards from the camera, z away from it. The camera hangs at head
height, so that a head stays near the horizon and only grows as it comes nearer.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from matcher.face import Image

WIDTH = 1280
HEIGHT = 720
FOCAL_PX = 1100.0
HORIZON_PX = 300.0
CAMERA_HEIGHT_M = 1.62
BACK_WALL_M = 5.6

_ROOM_M = 2.7
_CEILING_M = 2.75
_DOOR_HALF_M = 0.85
_DOOR_TOP_M = 2.2

_Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Doorway:
    """The door in the picture, pixels: left, top, right, bottom."""

    left: int
    top: int
    right: int
    bottom: int


def project(x: float, height: float, z: float) -> tuple[float, float]:
    """Pixel of a point `x` to the right, `height` above the floor and `z` away, all metres."""
    scale = FOCAL_PX / z
    return WIDTH / 2 + x * scale, HORIZON_PX + (CAMERA_HEIGHT_M - height) * scale


def doorway() -> Doorway:
    """Where the door is."""
    left, top = project(-_DOOR_HALF_M, _DOOR_TOP_M, BACK_WALL_M)
    right, bottom = project(_DOOR_HALF_M, 0.0, BACK_WALL_M)
    return Doorway(round(left), round(top), round(right), round(bottom))


def draw_lobby() -> Image:
    """The empty lobby: uint8 (720, 1280, 3) RGB."""
    picture = np.full((HEIGHT, WIDTH, 3), 214, np.uint8)
    _draw_room(picture)
    _draw_door(picture)
    _draw_furniture(picture)
    shade = np.linspace(0.93, 1.03, HEIGHT, dtype=np.float32)[:, None, None]
    chance = np.random.default_rng(7)
    grain = chance.normal(0.0, 2.0, picture.shape).astype(np.float32)
    lit = cv2.GaussianBlur(picture, (0, 0), 0.7).astype(np.float32) * shade + grain
    drawn: Image = np.clip(lit, 0, 255).astype(np.uint8)
    return drawn


def _quad(picture: Image, corners: list[tuple[float, float, float]], colour: _Colour) -> None:
    points = [project(*corner) for corner in corners]
    cv2.fillPoly(picture, [np.round(points).astype(np.int32)], colour, cv2.LINE_AA)


def _line(
    picture: Image, start: tuple[float, float, float], end: tuple[float, float, float], grey: int
) -> None:
    a, b = (tuple(round(value) for value in project(*point)) for point in (start, end))
    cv2.line(picture, a, b, (grey, grey, grey + 4), 1, cv2.LINE_AA)


def _draw_room(picture: Image) -> None:
    near, far, side, top = 0.6, BACK_WALL_M, _ROOM_M, _CEILING_M
    _quad(
        picture,
        [(-side, top, near), (side, top, near), (side, top, far), (-side, top, far)],
        (228, 228, 224),
    )
    floor = [(-side, 0.0, near), (side, 0.0, near), (side, 0.0, far), (-side, 0.0, far)]
    _quad(picture, floor, (168, 160, 148))
    for step in range(-5, 6):
        _line(picture, (step * side / 5, 0.0, near), (step * side / 5, 0.0, far), 150)
    for row in range(2, 12):
        _line(picture, (-side, 0.0, row * 0.5), (side, 0.0, row * 0.5), 150)
    for sign in (-1.0, 1.0):
        wall = [
            (sign * side, top, near),
            (sign * side, top, far),
            (sign * side, 0.0, far),
            (sign * side, 0.0, near),
        ]
        _quad(picture, wall, (202, 210, 208))
        rail = [
            (sign * side, 1.0, near),
            (sign * side, 1.0, far),
            (sign * side, 0.9, far),
            (sign * side, 0.9, near),
        ]
        _quad(picture, rail, (120, 150, 150))
    _quad(
        picture,
        [(-side, top, far), (side, top, far), (side, 0.0, far), (-side, 0.0, far)],
        (216, 220, 214),
    )
    for z in (1.6, 3.0, 4.4):
        lamp = [(-0.5, top, z), (0.5, top, z), (0.5, top, z + 0.5), (-0.5, top, z + 0.5)]
        _quad(picture, lamp, (255, 255, 250))


def _draw_door(picture: Image) -> None:
    door = doorway()
    picture[door.top : door.bottom, door.left : door.right] = (188, 204, 216)
    middle = (door.top + door.bottom) // 2
    picture[middle + 60 : door.bottom, door.left : door.right] = (158, 160, 158)
    frame = (92, 98, 104)
    cv2.rectangle(picture, (door.left, door.top), (door.right, door.bottom), frame, 6)
    sign = (door.left + 60, door.top - 14)
    cv2.putText(picture, "ENTRANCE", sign, cv2.FONT_HERSHEY_SIMPLEX, 0.6, frame, 2, cv2.LINE_AA)


def _draw_furniture(picture: Image) -> None:
    front = [(-2.6, 1.1, 4.6), (-1.2, 1.1, 4.6), (-1.2, 0.0, 4.6), (-2.6, 0.0, 4.6)]
    board = [(-2.6, 1.1, 5.2), (-1.2, 1.1, 5.2), (-1.2, 1.1, 4.6), (-2.6, 1.1, 4.6)]
    _quad(picture, front, (146, 116, 88))
    _quad(picture, board, (180, 150, 118))
    x, y = (round(value) for value in project(-2.4, 2.0, BACK_WALL_M))
    cv2.putText(
        picture, "RECEPTION", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (70, 96, 104), 2, cv2.LINE_AA
    )
    for seat in range(3):
        left = 1.25 + seat * 0.45
        back = [
            (left, 0.85, 5.3),
            (left + 0.4, 0.85, 5.3),
            (left + 0.4, 0.45, 5.3),
            (left, 0.45, 5.3),
        ]
        flat = [
            (left, 0.45, 5.3),
            (left + 0.4, 0.45, 5.3),
            (left + 0.4, 0.45, 4.9),
            (left, 0.45, 4.9),
        ]
        _quad(picture, back, (76, 108, 138))
        _quad(picture, flat, (92, 126, 156))
    poster = [(1.3, 2.1, 5.59), (2.3, 2.1, 5.59), (2.3, 1.3, 5.59), (1.3, 1.3, 5.59)]
    _quad(picture, poster, (238, 236, 226))
    x, y = (round(value) for value in project(1.4, 1.7, 5.59))
    cv2.putText(
        picture,
        "composed picture",
        (x, y),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.5,
        (120, 90, 80),
        1,
        cv2.LINE_AA,
    )
