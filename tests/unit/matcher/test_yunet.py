import numpy as np
import pytest

from matcher.yunet import STRIDES, decode_yunet

HEIGHT, WIDTH = 64, 96


def empty() -> dict[str, np.ndarray]:
    outputs: dict[str, np.ndarray] = {}
    for stride in STRIDES:
        cells = (HEIGHT // stride) * (WIDTH // stride)
        for part, length in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{part}_{stride}"] = np.zeros((cells, length), np.float32)
    return outputs


def with_face(
    outputs: dict[str, np.ndarray], stride: int, row: int, column: int, cls: float, obj: float
) -> dict[str, np.ndarray]:
    cell = row * (WIDTH // stride) + column
    outputs[f"cls_{stride}"][cell] = cls
    outputs[f"obj_{stride}"][cell] = obj
    outputs[f"bbox_{stride}"][cell] = (0.5, 0.25, np.log(2.0), np.log(3.0))
    outputs[f"kps_{stride}"][cell] = np.arange(10) / 10
    return outputs


@pytest.mark.parametrize(("stride", "row", "column"), [(8, 5, 7), (16, 2, 5), (32, 1, 0)])
def test_a_cell_becomes_a_face(stride: int, row: int, column: int) -> None:
    (face,) = decode_yunet(with_face(empty(), stride, row, column, 0.81, 1.0), WIDTH, 0.5, 0.3)
    x, y = (column + 0.5) * stride, (row + 0.25) * stride
    expected = (x - stride, y - 1.5 * stride, x + stride, y + 1.5 * stride)
    assert face.bbox == pytest.approx(expected, abs=1e-3)
    assert face.score == pytest.approx(0.9)
    assert face.landmarks[0] == pytest.approx((column * stride, (row + 0.1) * stride), abs=1e-3)
    assert face.landmarks[4] == pytest.approx(
        ((column + 0.8) * stride, (row + 0.9) * stride), abs=1e-3
    )


def test_scores_are_clipped_and_fainter_cells_are_no_face() -> None:
    (face,) = decode_yunet(with_face(empty(), 8, 1, 1, 1.7, 4.0), WIDTH, 0.5, 0.3)
    assert face.score == 1.0
    assert decode_yunet(with_face(empty(), 8, 1, 1, 0.9, 0.2), WIDTH, 0.5, 0.3) == ()
    assert decode_yunet(with_face(empty(), 8, 1, 1, -1.0, 1.0), WIDTH, 0.5, 0.3) == ()


def test_over_all_strides_the_best_comes_first_and_stays() -> None:
    outputs = with_face(empty(), 8, 1, 1, 0.6, 1.0)
    with_face(outputs, 8, 1, 2, 1.0, 1.0)  # the same face, surer
    with_face(outputs, 32, 1, 2, 0.8, 1.0)  # another one
    faces = decode_yunet(outputs, WIDTH, 0.5, 0.3)
    assert [round(face.score, 2) for face in faces] == [1.0, 0.89]


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_what_is_no_number_is_no_face(value: float) -> None:
    outputs = with_face(empty(), 8, 1, 1, 1.0, 1.0)
    outputs["bbox_8"][WIDTH // 8 + 1, 0] = value
    outputs["kps_8"][WIDTH // 8 + 1, 3] = value
    with np.errstate(over="ignore"):
        faces = decode_yunet(outputs, WIDTH, 0.5, 0.3)
    assert all(np.isfinite(face.bbox).all() for face in faces)
