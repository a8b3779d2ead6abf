import av
import numpy as np
import pytest

from streamer.ingest.luma import BLOCKS, LumaSampler


def frame(pixel_format: str, luma: int, size: tuple[int, int], full: bool) -> av.VideoFrame:
    made = av.VideoFrame(*size, pixel_format)
    deep = made.format.components[0].bits > 8
    for plane, value in zip(made.planes, (luma, 128, 128), strict=False):
        if deep:
            plane.update(np.full(plane.buffer_size // 2, value << 2, np.uint16).tobytes())
        else:
            plane.update(bytes([value]) * plane.buffer_size)
    made.color_range = 2 if full else 1
    return made


@pytest.mark.parametrize(
    "pixel_format",
    ["yuv420p", "yuvj420p", "yuvj422p", "yuv420p10le", "nv12", "gray"],
)
@pytest.mark.parametrize("size", [(1920, 1080), (640, 480), (66, 50), (32, 18)])
def test_every_format_and_size_gives_full_range_grey(
    pixel_format: str, size: tuple[int, int]
) -> None:
    full = "j" in pixel_format or pixel_format == "gray"
    sampler = LumaSampler(BLOCKS)
    for luma, expected in ((16 * (not full), 0), (126 if not full else 128, 128)):
        values = sampler.sample(frame(pixel_format, luma, size, full))
        assert len(values) == BLOCKS[0] * BLOCKS[1]
        assert min(values) >= expected - 2
        assert max(values) <= expected + 2


def test_a_block_is_the_mean_of_its_area() -> None:
    made = av.VideoFrame(640, 360, "gray")
    columns = np.indices((360, 640)).sum(axis=0) % 2 * 200
    plane = made.planes[0]
    rows = np.zeros((360, plane.line_size), np.uint8)
    rows[:, :640] = columns
    plane.update(rows.tobytes())
    made.color_range = 2
    values = LumaSampler(BLOCKS).sample(made)
    assert {abs(value - 100) <= 2 for value in values} == {True}


def test_a_width_that_ffmpeg_pads_comes_without_padding() -> None:
    values = LumaSampler((50, 10)).sample(frame("gray", 90, (640, 360), full=True))
    assert len(values) == 500
    assert set(values) <= {89, 90, 91}
