from dataclasses import replace

import pytest

from streamer.ingest.stream_info import StreamInfo
from streamer.ingest.viewing import hindrances

FIT = StreamInfo("h264", "Baseline", 640, 360, "yuv420p", False, 0.4, 15.0, 30, 2.0, 500_000)


def test_a_small_h264_stream_is_shown_as_it_is() -> None:
    assert hindrances(FIT) == ()


@pytest.mark.parametrize(
    ("info", "words"),
    [
        (replace(FIT, codec="hevc"), "hevc"),
        (replace(FIT, has_b_frames=True), "B-frames"),
        (replace(FIT, gop_s=4.0), "keyframes are rare"),
        (replace(FIT, gop_s=None), "keyframes are rare"),
        (replace(FIT, width=1920), "1920 pixels"),
    ],
)
def test_each_hindrance_is_said_by_itself(info: StreamInfo, words: str) -> None:
    (one,) = hindrances(info)
    assert words in str(one)
