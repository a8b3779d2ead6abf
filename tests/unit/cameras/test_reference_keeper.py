"""Where cameras look, from one run of the service to the next."""

import asyncio
import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.settings import Camera
from streamer.cameras.reference_keeper import ReferenceKeeper
from streamer.clock import SystemClock

LUMA = bytes(range(192)) * 3


def camera(url: str = "rtsp://viewer:geheim@10.0.0.5/1", name: str = "hall") -> Camera:
    return Camera(id=name, url=SecretStr(url))


async def keeper(home: Path) -> ReferenceKeeper:
    made = ReferenceKeeper(home, SystemClock())
    await made.load()
    return made


async def written(kept: ReferenceKeeper) -> None:
    """Run it as the service does, until it stops."""
    stop = asyncio.Event()
    running = asyncio.create_task(kept.run(stop))
    await asyncio.sleep(0)
    stop.set()
    await running


async def test_a_reference_outlives_the_service_and_belongs_to_an_address(tmp_path: Path) -> None:
    first = await keeper(tmp_path)
    assert first.recall(camera()) == b""
    first.remember(camera(), LUMA)
    first.remember(camera(name="door"), LUMA[::-1])
    await written(first)
    file = tmp_path / "references.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "geheim" not in file.read_text()

    second = await keeper(tmp_path)
    assert second.recall(camera()) == LUMA
    # Another password is the same camera; another address is another one.
    assert second.recall(camera("rtsp://viewer:anders@10.0.0.5/1")) == LUMA
    assert second.recall(camera("rtsp://viewer:geheim@10.0.0.6/1")) == b""
    second.remember(camera(), b"")
    await written(second)
    third = await keeper(tmp_path)
    assert third.recall(camera()) == b""
    assert third.recall(camera(name="door")) == LUMA[::-1]


async def test_a_new_reference_is_written_at_once_and_a_followed_one_at_the_end(
    tmp_path: Path,
) -> None:
    kept, stop = await keeper(tmp_path), asyncio.Event()
    running = asyncio.create_task(kept.run(stop))
    kept.remember(camera(), LUMA)
    async with asyncio.timeout(5):
        while not (tmp_path / "references.json").exists():  # noqa: ASYNC110 - a file sets no event
            await asyncio.sleep(0.01)
    kept.remember(camera(), LUMA[::-1])
    await asyncio.sleep(0.05)
    assert (await keeper(tmp_path)).recall(camera()) == LUMA
    stop.set()
    await running
    assert (await keeper(tmp_path)).recall(camera()) == LUMA[::-1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        json.dumps({"hall": 3}),
        json.dumps({"hall": {"address": "rtsp://10.0.0.5:554/1", "luma": "zz"}}),
        json.dumps({"hall": {"address": "rtsp://10.0.0.5:554/1", "luma": "00"}}),
    ],
)
async def test_a_file_that_is_no_good_is_as_none_and_mended(tmp_path: Path, text: str) -> None:
    (tmp_path / "references.json").write_text(text)
    kept = await keeper(tmp_path)
    assert kept.recall(camera()) == b""
    kept.remember(camera(), LUMA)
    await written(kept)
    assert (await keeper(tmp_path)).recall(camera()) == LUMA


async def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    kept = await keeper(tmp_path)
    (tmp_path / "references.new").mkdir()
    kept.remember(camera(), LUMA)
    await written(kept)
    assert kept.recall(camera()) == LUMA
    assert not (tmp_path / "references.json").exists()
