"""What is left out of real recordings by the motion gate, and what is found wrong with them."""

from collections.abc import AsyncIterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from matcher.face import Image
from matcher.matcher import Matcher
from matcher.packs.store import open_pack
from matcher.session import Hardware
from streamer.ingest.attention import Attention
from streamer.ingest.luma import BLOCKS, DETAIL, LumaSampler
from streamer.ingest.picture_watch import PictureWatch
from tests.data import need
from tests.integration.ingest.gating import analyse, lost, tracks

CLIPS = ("clips/crowd.mp4", "clips/backs.mp4", "clips/people")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
async def matcher(models: Path) -> AsyncIterator[Matcher]:
    async with await Matcher.open(open_pack(models, "open"), Hardware("cpu", 1)) as opened:
        yield opened


@pytest.mark.long
@pytest.mark.parametrize("name", ["clips/crowd.mp4", "clips/people"])
async def test_no_track_of_people_who_walk_is_lost(name: str, matcher: Matcher) -> None:
    place = need(name)
    for path in sorted(place.glob("*.mkv")) if place.is_dir() else [place]:
        every = await analyse(path, matcher)
        gated = await analyse(path, matcher, Attention(), every)
        assert len(tracks(every)) > 0
        assert lost(every, gated) == [], path.name
        assert len(tracks(gated)) == len(tracks(every)), path.name


@pytest.mark.long
async def test_people_at_a_table_with_their_backs_turned_are_mostly_left_out(
    matcher: Matcher,
) -> None:
    gated = await analyse(need("clips/backs.mp4"), matcher, Attention())
    assert gated.skipped >= 0.7
    # Of the 23 frames with a face, which are rare and brief here.
    assert sum(bool(faces) for _, faces in gated.frames) >= 21


async def test_a_still_scene_is_looked_at_now_and_then(tmp_path: Path, matcher: Matcher) -> None:
    still = tmp_path / "still.mp4"
    write_still(still, need("clips/people/bird.mkv"), seconds=5)
    gated = await analyse(still, matcher, Attention())
    # Nobody moves, but somebody is there: he is found in the first frame and followed.
    assert gated.skipped == 0
    write_still(still, need("clips/backs.mp4"), seconds=16)
    gated = await analyse(still, matcher, Attention())
    assert 0.9 <= gated.skipped < 0.95


def write_still(path: Path, of: Path, seconds: int) -> None:
    """A video of a recording's first frame, with a sensor's noise; ten frames a second."""
    with av.open(str(of)) as source:
        first = _rgb(next(source.decode(video=0))).astype(np.int16)
    chance = np.random.default_rng(1)
    noise = chance.normal(0, 4, (7, *first.shape)).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = first.shape[:2]
        stream.gop_size = 10
        for index in range(seconds * 10):
            picture = np.clip(first + noise[index % 7], 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))


def _rgb(frame: av.VideoFrame) -> Image:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def findings(path: Path, change: "Change | None" = None) -> set[str]:
    """Everything a recording is ever said to have, watched four times over, a look a second."""
    watch, blocks, detail = PictureWatch(b""), LumaSampler(BLOCKS), LumaSampler(DETAIL)
    names = ("dark", "blurred", "covered", "moved")
    found: set[str] = set()
    pictures = []
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 10 == 0:
                shown = frame
                if change is not None:
                    image = change(_rgb(frame))
                    shown = av.VideoFrame.from_ndarray(image, "rgb24")
                pictures.append((blocks.sample(shown), detail.sample(shown)))
    now = 0.0
    while now < 70:
        for small, large in pictures:
            now += 1.0
            watch.look(small, lambda: large, now)  # noqa: B023 - called at once
            found |= {name for name, held in zip(names, watch.findings, strict=True) if held}
    return found


@pytest.mark.parametrize("name", CLIPS)
def test_nothing_is_wrong_with_any_recording(name: str) -> None:
    place = need(name)
    for path in sorted(place.glob("*.mkv")) if place.is_dir() else [place]:
        assert findings(path) == set(), path.name


class Change:
    """Does to a picture what time and mischief do to a camera."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __call__(self, image: Image) -> Image:
        match self._kind:
            case "night":
                return (image * 0.1).astype(np.uint8)
            case "defocus":
                sigma = 3 * image.shape[1] / 640
                return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
            case "cloth":
                cloth = np.full_like(image, 120)
                cloth[:, -image.shape[1] // 16 :] = image[:, -image.shape[1] // 16 :]
                return cloth
        return image


@pytest.mark.parametrize(
    ("kind", "said"),
    [("night", {"dark"}), ("defocus", {"blurred"}), ("cloth", {"covered"})],
)
@pytest.mark.parametrize("name", ["clips/crowd.mp4", "clips/people/bird.mkv"])
def test_what_is_done_to_a_recording_is_said(name: str, kind: str, said: set[str]) -> None:
    assert findings(need(name), Change(kind)) == said
