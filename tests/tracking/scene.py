"""Generated crossings: people on a floor before a camera, and what a detector would see of them.

The truth is known, so that trackers can be told how often they were wrong. Everything is drawn from
the seed; sizes, heights and speeds are those of people.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.face import Embedding, Face, Quality

WIDTH: Final = 1280
HEIGHT: Final = 720
_FOCAL: Final = 1100.0
_CAMERA_HEIGHT: Final = 2.0
_FACE: Final = 0.16
_HORIZON: Final = 0.35
_FALSE_RATE: Final = 0.01
_FAINTEST: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face as the detector gives it, and whose it is; nobody's where it is a false one.

    Attributes:
        embedding: Where the faces are real ones.
    """

    face: Face
    person: int | None
    embedding: Embedding | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: seconds from the beginning, and the faces in it, in no order that tells."""

    at: float
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class _Walker:
    """Somebody's way over the floor: x to the right, z away from the camera, metres.

    Attributes:
        hidden: When somebody's hand, phone or a pillar is before the face, seconds.
        stands: From when to when they stand still.
    """

    begins: float
    start: tuple[float, float]
    velocity: tuple[float, float]
    height: float
    sway: float
    stands: tuple[float, float]
    hidden: tuple[tuple[float, float], ...]

    def place(self, at: float) -> tuple[float, float]:
        """Where they are, seconds after the scene's beginning."""
        gone = at - self.begins
        begin, end = self.stands
        gone -= max(0.0, min(gone, end) - begin) if gone > begin else 0.0
        return self.start[0] + self.velocity[0] * gone, self.start[1] + self.velocity[1] * gone


@dataclass(frozen=True, slots=True)
class _Head:
    person: int
    x: float
    y: float
    width: float
    z: float
    hidden: bool


def crossing(
    seed: int,
    fps: float,
    people: int = 6,
    seconds: float = 12.0,
    hidden_s: tuple[float, float] = (0.2, 1.0),
) -> tuple[Frame, ...]:
    """A scene, seen at so many frames a second.

    The same seed gives the same people, ways and occlusions at any rate; only what is missed and by
    how much boxes jitter is drawn for each frame.

    Args:
        seed: Of everything that is drawn.
        fps: Frames a second.
        people: How many come in, at different times.
        seconds: Length of the scene.
        hidden_s: Each face is hidden up to three times, for so long, from and to.
    """
    ways = np.random.default_rng(seed)
    walkers = [_walker(ways, seconds, hidden_s) for _ in range(people)]
    noise = np.random.default_rng(1000 + seed)
    frames = []
    for number in range(int(seconds * fps)):
        at = number / fps
        heads = [head for i, one in enumerate(walkers) if (head := _head(i, one, at)) is not None]
        seen = [one for head in heads if (one := _seen(head, heads, noise)) is not None]
        if noise.random() < _FALSE_RATE:
            x, y, width = noise.uniform(0, WIDTH), noise.uniform(0, HEIGHT), noise.uniform(20, 80)
            seen.append(Sighting(_face(x, y, width, noise.uniform(_FAINTEST, 0.7)), None))
        order = noise.permutation(len(seen))
        frames.append(Frame(at, tuple(seen[i] for i in order)))
    return tuple(frames)


def _walker(ways: np.random.Generator, seconds: float, hidden_s: tuple[float, float]) -> _Walker:
    """Across or towards the camera; one in three stands still for a while."""
    depth, pace = ways.uniform(2.0, 7.0), ways.uniform(0.5, 1.6)
    side = 1.0 if ways.random() < 0.5 else -1.0
    if ways.random() < 0.6:
        start = (-side * (depth * 0.62), depth)
        velocity = (side * pace, ways.uniform(-0.15, 0.15))
    else:
        start = (ways.uniform(-1.5, 1.5), ways.uniform(6.0, 8.0))
        velocity = (-start[0] * ways.uniform(0.0, 0.3), -pace)
    pause = ways.uniform(1.0, 4.0)
    length = ways.uniform(1.0, 4.0) if ways.random() < 0.33 else 0.0
    hidden = []
    for _ in range(int(ways.integers(0, 4))):
        begins = ways.uniform(0.5, seconds)
        hidden.append((begins, begins + ways.uniform(*hidden_s)))
    return _Walker(
        begins=ways.uniform(0.0, seconds / 2),
        start=start,
        velocity=velocity,
        height=ways.uniform(1.45, 1.85),
        sway=ways.uniform(0.0, 2 * math.pi),
        stands=(pause, pause + length),
        hidden=tuple(hidden),
    )


def _head(person: int, walker: _Walker, at: float) -> _Head | None:
    """Where somebody's face is in the picture; None while they are not in it."""
    if at < walker.begins:
        return None
    x, z = walker.place(at)
    if not 1.0 < z < 9.0:
        return None
    scale = _FOCAL / z
    bob = 0.02 * math.sin(2 * math.pi * 1.9 * at + walker.sway)
    px = WIDTH / 2 + x * scale
    py = HEIGHT * _HORIZON + (_CAMERA_HEIGHT - walker.height + bob) * scale
    if not (0 < px < WIDTH and 0 < py < HEIGHT):
        return None
    covered = any(begin <= at < end for begin, end in walker.hidden)
    return _Head(person, px, py, _FACE * scale, z, covered)


def _seen(head: _Head, heads: list[_Head], noise: np.random.Generator) -> Sighting | None:
    """What the detector makes of it: hidden by nearer people, faint, jittering, or missed."""
    visible = 1.0
    for other in heads:
        if other.z < head.z - 0.1:
            visible = min(visible, 1.0 - _share_behind(head, other))
    jitter = noise.normal(0.0, 1.0, 3)
    score = min(0.99, 0.9 * visible + noise.normal(0.0, 0.08))
    if head.hidden or score < _FAINTEST or noise.random() < 0.05:
        return None
    width = head.width * math.exp(0.04 * jitter[2])
    x, y = head.x + 0.04 * head.width * jitter[0], head.y + 0.04 * head.width * jitter[1]
    return Sighting(_face(x, y, width, score), head.person)


def _share_behind(head: _Head, other: _Head) -> float:
    """How much of a face is behind somebody nearer: head, and below it shoulders three as wide."""
    half = head.width / 2
    share = 0.0
    for reach, top in ((0.75, other.y - other.width), (1.5, other.y + 0.8 * other.width)):
        left, right = other.x - reach * other.width, other.x + reach * other.width
        across = max(0.0, min(head.x + half, right) - max(head.x - half, left)) / head.width
        down = max(0.0, min(1.0, (head.y + 0.6 * head.width - top) / (1.2 * head.width)))
        share = max(share, across * down)
    return share


def _face(x: float, y: float, width: float, score: float) -> Face:
    height = 1.2 * width
    box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    points = np.array([[-0.2, -0.1], [0.2, -0.1], [0, 0.1], [-0.15, 0.3], [0.15, 0.3]], np.float32)
    border = min(box[0], box[1], WIDTH - box[2], HEIGHT - box[3])
    landmarks = (points * width + np.array([x, y])).astype(np.float32)
    return Face(box, landmarks, score, Quality(width, 200.0, border))
