"""A rigid head turned by known angles gives those angles back."""

import math

import numpy as np
import pytest

from matcher.alignment import CHIP_POINTS
from matcher.face import Vector
from matcher.pose import _FACE, pose_of


def seen(yaw: float, pitch: float, roll: float, scale: float = 9.0) -> Vector:
    """The mean face raised, turned and tilted, far from the camera: pixels (5, 2)."""
    y, p, r = (math.radians(angle) for angle in (yaw, pitch, roll))
    turn = [[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]]
    raise_ = [[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]]
    tilt = [[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]]
    # Raised about the head's own ears, then turned with the neck, then tilted in the picture.
    turned = np.array(tilt) @ np.array(turn) @ np.array(raise_) @ _FACE.T
    return np.asarray(scale * turned[:2].T + (320.0, 200.0), np.float32)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"),
    [
        (0, 0, 0),
        (30, 0, 0),
        (-60, 0, 0),
        (0, 20, 0),
        (0, -35, 0),
        (0, 0, 25),
        (0, 0, -170),
        (30, 20, 0),
        (-45, -10, 0),
    ],
)
def test_angles_come_back(yaw: float, pitch: float, roll: float) -> None:
    pose = pose_of(seen(yaw, pitch, roll))
    assert pose is not None
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=0.01)


def test_size_and_place_do_not_matter() -> None:
    near, far = pose_of(seen(20, 10, 5, 40.0)), pose_of(seen(20, 10, 5, 0.5) + 1000)
    assert near is not None
    assert far is not None
    assert (near.yaw, near.pitch, near.roll) == pytest.approx(
        (far.yaw, far.pitch, far.roll), abs=0.1
    )


def test_the_mirror_image_looks_the_other_way() -> None:
    points = seen(25, 8, 12)
    mirrored = points[[1, 0, 2, 4, 3]] * np.array([-1, 1], np.float32)
    one, other = pose_of(points), pose_of(mirrored)
    assert one is not None
    assert other is not None
    assert (other.yaw, other.pitch, other.roll) == pytest.approx(
        (-one.yaw, one.pitch, -one.roll), abs=0.01
    )


def test_the_embedders_own_template_looks_straight_ahead() -> None:
    pose = pose_of(CHIP_POINTS)
    assert pose is not None
    assert max(abs(pose.yaw), abs(pose.pitch), abs(pose.roll)) < 1


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((5, 2)),
        np.full((5, 2), np.nan),
        np.stack([np.arange(5), 2 * np.arange(5)], axis=1),
        np.zeros((4, 2)),
    ],
    ids=["one spot", "no numbers", "one line", "four points"],
)
def test_what_is_no_face(points: np.ndarray) -> None:
    assert pose_of(points.astype(np.float32)) is None
