import numpy as np
import pytest

from matcher.detection import Detection
from matcher.packs.int8_check import check_detections, check_vectors


def face(x: float, score: float = 0.9, shift: float = 0.0) -> Detection:
    points = np.array([[x + 30, 30], [x + 70, 30], [x + 50, 50], [x + 35, 75], [x + 65, 75]])
    return Detection((x, 0.0, x + 100.0, 100.0), (points + shift).astype(np.float32), score)


def values(original: list[list[Detection]], quantised: list[list[Detection]]) -> list[float]:
    return [round(check.value, 3) for check in check_detections(original, quantised)]


def test_the_same_faces_pass() -> None:
    pictures = [[face(0), face(300)], [], [face(50)]]
    checks = check_detections(pictures, pictures)
    assert all(check.passed for check in checks)
    assert [check.samples for check in checks] == [3, 3, 3]


@pytest.mark.parametrize(
    ("original", "quantised", "expected"),
    [
        ([[face(0), face(300)]], [[face(0)]], [0.5, 0.0, 0.0]),
        ([[face(0)]], [[face(0), face(300)]], [0.0, 1.0, 0.0]),
        ([[face(0)]], [[face(0, shift=10.0)]], [0.0, 0.0, 0.141]),
        ([[face(0)]], [[face(60)]], [1.0, 1.0, 0.0]),  # elsewhere is another face
        ([[face(0), face(300, 0.55)]], [[face(0)]], [0.0, 0.0, 0.0]),  # it was not sure of it
        ([[face(0, 0.61)]], [[face(0, 0.52)]], [0.0, 0.0, 0.0]),  # less sure is not lost
    ],
)
def test_what_is_lost_added_and_shifted(
    original: list[list[Detection]], quantised: list[list[Detection]], expected: list[float]
) -> None:
    assert values(original, quantised) == expected


def test_nothing_to_compare_proves_nothing() -> None:
    assert not any(check.passed for check in check_detections([[]], [[]]))


def test_vectors_are_compared_by_their_distances() -> None:
    vectors = np.random.default_rng(0).normal(0, 1, (20, 8)).astype(np.float32)
    same = check_vectors(vectors, vectors, 0.05)
    assert [check.value for check in same] == [0.0, 0.0]
    # All moved the same way: among themselves nothing changed, beside the originals it did.
    among, mixed = check_vectors(vectors, vectors + 1.0, 0.05)
    assert among.passed
    assert among.value < 1e-3
    assert not mixed.passed
    noisy = vectors + np.random.default_rng(1).normal(0, 1, vectors.shape).astype(np.float32)
    assert not any(check.passed for check in check_vectors(vectors, noisy, 0.05))
