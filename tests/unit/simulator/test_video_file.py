"""Reading files needs real ones: these are made on the spot, in milliseconds."""

from itertools import pairwise
from pathlib import Path

import av
import pytest

from streamer.errors import InputError
from streamer.simulator.codec import Codec
from streamer.simulator.nal import is_random_access, nal_type, parameter_sets_of
from streamer.simulator.programme import Programme
from streamer.simulator.programme_list import ProgrammeList
from streamer.simulator.video_file import VideoFile
from tests.data import need
from tests.video import VideoCodec, make_video

TICKS = 3600  # of a frame at 25 a second


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mkv", "libx264"),
        ("a.ts", "libx264"),
        ("a.avi", "libx264"),
        ("a.264", "libx264"),
        ("a.mp4", "libx265"),
        ("a.mkv", "libx265"),
        ("a.ts", "libx265"),
        ("a.265", "libx265"),
    ],
)
def test_every_container_gives_the_same_pictures(
    tmp_path: Path, name: str, codec: VideoCodec, b_frames: int
) -> None:
    path = tmp_path / name
    frames = make_video(path, codec, b_frames=b_frames)
    video = VideoFile.open(path)
    units = list(video.units())
    assert video.codec is (Codec.H264 if codec == "libx264" else Codec.H265)
    assert (video.fps, len(units)) == (25.0, frames)
    assert [b.dts - a.dts for a, b in pairwise(units)] == [TICKS] * (frames - 1)
    shown = sorted(unit.pts for unit in units)
    assert [b - a for a, b in pairwise(shown)] == [TICKS] * (frames - 1)
    assert all(unit.pts >= unit.dts for unit in units)
    assert ([unit.pts for unit in units] != shown) is (b_frames > 0)
    for unit in units:
        assert unit.keyframe is is_random_access(video.codec, unit.nals)
        present = parameter_sets_of(video.codec, unit.nals)
        assert bool(present.sps and present.pps) is unit.keyframe
    assert video.parameters.sps
    assert bool(video.parameters.vps) is (codec == "libx265")


def test_the_order_of_display_is_what_the_decoder_shows(tmp_path: Path) -> None:
    """An elementary stream has no times: compare with the same pictures from a container."""
    make_video(tmp_path / "a.264", b_frames=2)
    make_video(tmp_path / "a.mp4", b_frames=2)
    bare, timed = (
        [unit.pts for unit in VideoFile.open(tmp_path / name).units()]
        for name in ("a.264", "a.mp4")
    )
    assert [pts - bare[0] for pts in bare] == [pts - timed[0] for pts in timed]


@pytest.mark.parametrize("codec", ["libvpx-vp9", "mpeg4"])
def test_another_codec_is_refused(tmp_path: Path, codec: VideoCodec) -> None:
    path = tmp_path / "other.mkv"
    make_video(path, codec, seconds=0.2)
    with pytest.raises(InputError, match=r"other\.mkv: its video is (vp9|mpeg4).*convert it"):
        VideoFile.open(path)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video at all\n" * 100)
    (tmp_path / "empty.mp4").write_bytes(b"")
    for name in ("text.mp4", "empty.mp4"):
        with pytest.raises(InputError, match=rf"{name}: cannot be read as video"):
            VideoFile.open(tmp_path / name)
    for absent in (tmp_path / "absent.mp4", tmp_path):
        with pytest.raises(InputError, match="not a file"):
            VideoFile.open(absent)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        container.add_stream("pcm_s16le", rate=8000)
        container.start_encoding()
    with pytest.raises(InputError, match=r"sound\.wav: (holds no video|cannot be read)"):
        VideoFile.open(path)


def test_a_playlist_reaches_no_other_place(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n")
    with pytest.raises(InputError, match=r"list\.m3u8"):
        VideoFile.open(path)


def test_a_truncated_file_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    frames = make_video(whole, size=(320, 240), noise=True)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert 0 < len(list(VideoFile.open(cut).units())) < frames


def test_a_file_that_is_gone_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "gone.mp4"
    make_video(path)
    video = VideoFile.open(path)
    path.unlink()
    with pytest.raises(InputError, match=r"gone\.mp4"):
        next(video.units())


def test_files_follow_one_another(tmp_path: Path) -> None:
    first, second = tmp_path / "first.mp4", tmp_path / "second.mkv"
    count = make_video(first, b_frames=2) + make_video(second, size=(320, 240), fps=10)
    files = tuple(VideoFile.open(path) for path in (first, second))
    units = list(Programme("stream", files, loop=False).units())
    assert len(units) == count
    assert units[0].pts == 0
    shown = sorted(unit.pts for unit in units)
    assert {b - a for a, b in pairwise(shown)} == {3600, 9000}
    assert all(a.dts <= b.dts for a, b in pairwise(units))
    sizes = {nal for unit in units for nal in unit.nals if nal_type(Codec.H264, nal) == 7}
    assert len(sizes) == 2  # the new size is announced in the stream


def test_a_loop_goes_on_in_time(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    frames = make_video(path, b_frames=2)
    units = Programme("stream", (VideoFile.open(path),), loop=True).units()
    seen = [next(units) for _ in range(3 * frames)]
    units.close()  # type: ignore[attr-defined]
    shown = sorted(unit.pts for unit in seen)
    assert [b - a for a, b in pairwise(shown)] == [TICKS] * (3 * frames - 1)


def test_paths_are_named_after_files(tmp_path: Path) -> None:
    names = ["a.mp4", "b.mkv", "stream.mp4", "b.mp4", "with space.mp4"]
    for name in names:
        make_video(tmp_path / name, seconds=0.2)
    programmes = ProgrammeList.open([tmp_path / name for name in names], loop=False)
    assert programmes.paths == ("stream", "a", "b", "stream-2", "b-2", "with space")
    main, last = programmes.find("stream"), programmes.find("b-2")
    assert main is not None
    assert last is not None
    assert (len(main.files), len(last.files)) == (5, 1)
    assert programmes.find("absent") is None


def test_two_codecs_are_no_one_stream(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", seconds=0.2)
    make_video(tmp_path / "b.mp4", "libx265", seconds=0.2)
    programmes = ProgrammeList.open([tmp_path / "a.mp4", tmp_path / "b.mp4"], loop=False)
    assert programmes.paths == ("a", "b")


def test_no_file_is_no_camera() -> None:
    with pytest.raises(InputError, match="no file"):
        ProgrammeList.open([], loop=False)


@pytest.mark.parametrize("folder", ["torture/h264", "torture/containers", "clips/people"])
def test_recordings_are_played_or_refused(folder: str) -> None:
    played = 0
    for path in sorted(need(folder).iterdir()):
        try:
            units = list(VideoFile.open(path).units())
        except InputError:
            continue
        played += 1
        assert units
        assert all(a.dts <= b.dts for a, b in pairwise(units))
        assert all(unit.nals for unit in units)
    assert played >= 7
