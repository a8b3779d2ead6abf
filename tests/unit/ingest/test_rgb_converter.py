import av
import numpy as np
import pytest

from streamer.ingest.rgb_converter import RgbConverter

LIMITED, FULL = 1, 2
BT709, UNKNOWN, BT601 = 1, 2, 5


def flat(pixel_format: str, yuv: tuple[int, int, int], size: tuple[int, int]) -> av.VideoFrame:
    """A frame of one colour; the values are 8-bit, more bits are filled up."""
    frame = av.VideoFrame(*size, pixel_format)
    bits = frame.format.components[0].bits
    for plane, value in zip(frame.planes, yuv, strict=True):
        if bits == 8:
            plane.update(bytes([value]) * plane.buffer_size)
        else:
            deep = np.full(plane.buffer_size // 2, value << (bits - 8), np.uint16)
            plane.update(deep.tobytes())
    frame.color_range, frame.colorspace = LIMITED, BT601
    return frame


def colour(frame: av.VideoFrame) -> list[int]:
    rgb = RgbConverter().convert(frame)
    assert (rgb.format.name, rgb.width, rgb.height) == ("rgb24", frame.width, frame.height)
    rows = np.frombuffer(bytes(rgb.planes[0]), np.uint8).reshape(rgb.height, -1)
    pixels = rows[:, : rgb.width * 3].reshape(-1, 3)
    assert (pixels == pixels[0]).all()
    return [int(value) for value in pixels[0]]


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize("size", [(64, 48), (66, 50)])
def test_limited_range_is_stretched(pixel_format: str, size: tuple[int, int]) -> None:
    assert colour(flat(pixel_format, (235, 128, 128), size)) == pytest.approx([255] * 3, abs=3)
    assert colour(flat(pixel_format, (16, 128, 128), size)) == pytest.approx([0] * 3, abs=3)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv420p10le"])
@pytest.mark.parametrize("grey", [0, 60, 255])
def test_full_range_is_not(pixel_format: str, grey: int) -> None:
    frame = flat(pixel_format, (grey, 128, 128), (64, 48))
    frame.color_range = FULL
    assert colour(frame) == pytest.approx([grey] * 3, abs=2)


def test_a_full_range_format_needs_no_tag() -> None:
    frame = flat("yuvj420p", (60, 128, 128), (64, 48))
    frame.color_range = 0
    assert colour(frame) == pytest.approx([60] * 3, abs=1)


@pytest.mark.parametrize(
    ("matrix", "size", "red"),
    [
        (BT601, (64, 48), (81, 90, 240)),
        (BT709, (64, 48), (63, 102, 240)),
        (UNKNOWN, (64, 48), (81, 90, 240)),
        (UNKNOWN, (1280, 720), (63, 102, 240)),
        (BT601, (1280, 720), (81, 90, 240)),
    ],
)
def test_red_is_red_in_every_matrix(
    matrix: int, size: tuple[int, int], red: tuple[int, int, int]
) -> None:
    frame = flat("yuv420p", red, size)
    frame.colorspace = matrix
    assert colour(frame) == pytest.approx([255, 0, 0], abs=3)


def test_one_converter_follows_sizes_and_formats() -> None:
    converter = RgbConverter()
    for size in ((64, 48), (128, 96), (64, 48)):
        for pixel_format in ("yuv420p", "yuvj422p", "gray"):
            frame = av.VideoFrame(*size, pixel_format)
            assert (converter.convert(frame).width, converter.convert(frame).height) == size
