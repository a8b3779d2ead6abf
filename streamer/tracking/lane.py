"""Is a face inside the camera's lane? Pure geometry."""

from collections.abc import Sequence

from matcher.face import Face

Point = tuple[float, float]


def inside(polygon: Sequence[Point], point: Point) -> bool:
    """Even-odd rule: a ray to the right crosses the outline an odd number of times."""
    x, y = point
    odd = False
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def face_in_lane(face: Face, lane: Sequence[Point] | None, width: int, height: int) -> bool:
    """Say whether all five landmarks lie in the lane.

    Args:
        face: Coordinates in pixels.
        lane: Polygon in fractions of the picture; None = the camera sees nothing but the lane.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
    """
    if lane is None:
        return True
    return all(inside(lane, (float(x) / width, float(y) / height)) for x, y in face.landmarks)
