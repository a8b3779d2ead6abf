"""QR codes drawn and read again, as they are held before a camera."""

import cv2
import numpy as np
import pytest

from matcher.face import Image
from streamer.checkin.codes.qr_picture import qr_lines, qr_png, read_qr

TEXT = "K1" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 2
TEXT = TEXT[:60]


def held(text: str, angle: float = 0.0, size: int = 240, noise: float = 0.0) -> Image:
    """A grey picture of 1280x720 with a code in it, turned."""
    code = cv2.imdecode(np.frombuffer(qr_png(text), np.uint8), cv2.IMREAD_COLOR)
    assert code is not None
    code = cv2.resize(code, (size, size), interpolation=cv2.INTER_AREA)
    picture = np.full((720, 1280, 3), 128, np.uint8)
    picture[200 : 200 + size, 500 : 500 + size] = code
    turn = cv2.getRotationMatrix2D((500 + size / 2, 200 + size / 2), angle, 1.0)
    turned = cv2.warpAffine(picture, turn, (1280, 720), borderValue=(128, 128, 128))
    grain = np.random.default_rng(1).normal(0, noise, turned.shape)
    made: Image = np.clip(turned + grain, 0, 255).astype(np.uint8)
    return made


@pytest.mark.parametrize("angle", [0, 17, 90, 200])
@pytest.mark.parametrize("noise", [0, 12])
def test_a_code_is_read_however_it_is_held(angle: float, noise: float) -> None:
    assert read_qr(held(TEXT, angle, noise=noise)) == (TEXT,)


def test_a_small_one_is_read_too() -> None:
    assert read_qr(held(TEXT, size=110)) == (TEXT,)


def test_nothing_is_read_where_there_is_nothing() -> None:
    assert read_qr(np.full((720, 1280, 3), 128, np.uint8)) == ()


def test_a_text_longer_than_any_of_ours_is_left_out() -> None:
    assert read_qr(held("x" * 600, size=480)) == ()


def test_a_terminal_shows_it_too() -> None:
    lines = qr_lines(TEXT)
    assert len({len(line) for line in lines}) == 1
    rows = []
    for line in lines:
        rows.append([255 if one in "█▀" else 0 for one in line])
        rows.append([255 if one in "█▄" else 0 for one in line])
    picture = np.repeat(np.repeat(np.array(rows, np.uint8), 8, 0), 8, 1)
    assert read_qr(np.repeat(picture[:, :, None], 3, 2)) == (TEXT,)
