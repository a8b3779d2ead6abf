"""The real models, built once per run, and pictures of people to try them on."""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from matcher.detector import Detector
from matcher.embedder import Embedder
from matcher.face import Image
from matcher.packs.pack import DETECTOR, EMBEDDER, Pack
from matcher.packs.store import open_pack
from matcher.session import Hardware, Session
from tests import data

CPU = Hardware("cpu", threads=2)


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pack in it; tests only read it."""
    folder = tmp_path_factory.mktemp("models")
    open_pack(folder)
    return folder


@pytest.fixture(scope="session")
def pack(models_dir: Path) -> Pack:
    return open_pack(models_dir)


@pytest.fixture(scope="session")
def detector(pack: Pack) -> Detector:
    return Detector(Session.open(pack.read(DETECTOR), "detector", CPU))


@pytest.fixture(scope="session")
def embedder(pack: Pack) -> Embedder:
    return Embedder(Session.open(pack.read(EMBEDDER), "embedder", CPU), pack.pack_id)


@pytest.fixture(scope="session")
def group_photo() -> Image:
    """insightface's sample picture: six people, 1280x886."""
    for file in metadata.files("insightface") or ():
        if file.as_posix() == "insightface/data/images/t1.jpg":
            return read_photo(Path(str(file.locate())))
    pytest.skip("insightface's sample picture t1.jpg is not installed")


def read_photo(path: Path) -> Image:
    picture = cv2.imread(str(path))
    assert picture is not None
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def clip_frames(name: str, every: int) -> Iterator[Image]:
    """Each `every`-th frame of a test clip."""
    with av.open(str(data.need(f"clips/{name}"))) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % every == 0:
                yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
