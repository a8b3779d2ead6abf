"""Hardware that is not there, and frames that say where they come from."""

import av
import pytest

from streamer.ingest import hardware
from streamer.ingest.condition import Decoding
from streamer.ingest.hardware import decoding_of, find_hardware


def test_none_is_none() -> None:
    assert find_hardware("none") is None
    assert find_hardware("quantum") is None


@pytest.mark.parametrize("wanted", ["auto", "cuda", "vaapi"])
def test_a_device_that_cannot_be_created_is_none(
    wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(*_: object) -> None:
        raise av.ExternalError(1, "no device")

    class Absent:
        create = absent

    monkeypatch.setattr(hardware, "hwdevices_available", lambda: ["cuda", "vaapi"])
    monkeypatch.setattr(hardware, "accelerator", lambda _: Absent())
    assert find_hardware(wanted) is None


@pytest.mark.parametrize(
    ("wanted", "built_with", "found"),
    [
        ("auto", ["vaapi", "cuda"], Decoding.CUDA),
        ("auto", ["vaapi"], Decoding.VAAPI),
        ("auto", ["qsv", "drm"], None),
        ("cuda", ["vaapi"], None),
        ("vaapi", ["cuda"], None),
    ],
)
def test_only_a_device_ffmpeg_was_built_with_is_tried(
    wanted: str, built_with: list[str], found: Decoding | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "hwdevices_available", lambda: built_with)
    monkeypatch.setattr(hardware, "_works", lambda _: True)
    assert find_hardware(wanted) is found


def test_a_device_is_believed_only_when_the_frame_shows_it() -> None:
    software, downloaded = av.VideoFrame(16, 16, "yuv420p"), av.VideoFrame(16, 16, "nv12")
    assert decoding_of(software, Decoding.CUDA) is Decoding.SOFTWARE
    assert decoding_of(downloaded, Decoding.CUDA) is Decoding.CUDA
    assert decoding_of(downloaded, None) is Decoding.SOFTWARE
