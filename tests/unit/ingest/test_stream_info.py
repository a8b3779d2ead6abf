import json
from dataclasses import asdict

import pytest

from streamer.ingest.stream_info import StreamInfo

INFO = StreamInfo("h264", "High", 640, 480, "yuv420p", True, 0.25, 25.0, 50, 2.0, 1_000_000)
UNKNOWN = StreamInfo("h264", None, 640, 480, "yuv420p", False, 0.25, None, None, None, None)


@pytest.mark.parametrize("info", [INFO, UNKNOWN])
def test_it_crosses_as_json(info: StreamInfo) -> None:
    assert StreamInfo.from_json(json.dumps(asdict(info))) == info


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(asdict(INFO) | {"more": 1}),
        json.dumps(asdict(INFO) | {"width": "640"}),
        json.dumps(asdict(INFO) | {"width": True}),
        json.dumps(asdict(INFO) | {"codec": None}),
        json.dumps(asdict(INFO) | {"fps": float("nan")}),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        StreamInfo.from_json(text)
