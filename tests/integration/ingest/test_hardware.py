"""Hardware that is wanted: looked for once, in a process of its own, and not relied on."""

import asyncio
from pathlib import Path

import pytest

from streamer.ingest import hardware_probe
from streamer.ingest.hardware_probe import HardwareProbe
from streamer.ingest.protocol import FailureKind
from streamer.simulator.server import CameraSimulator
from tests.integration.ingest.watching import (
    camera,
    children,
    play_to_the_end,
    request,
    until,
    watching,
    write_colours,
)

absent = pytest.mark.skipif(
    any(map(Path.exists, map(Path, ("/dev/nvidia0", "/dev/dri")))),
    reason="this machine may have the hardware",
)


def code(tmp_path: Path, text: str) -> list[str]:
    """A command that leaves a line in `asked`, and then does what the text says."""
    script = tmp_path / "probe.sh"
    script.write_text(f"#!/bin/sh\necho x >> {tmp_path}/asked\n{text}\n")
    script.chmod(0o700)
    return [str(script)]


@absent
@pytest.mark.parametrize("wanted", ["none", "auto", "cuda", "vaapi"])
async def test_what_is_not_there_is_not_found(wanted: str) -> None:
    assert await HardwareProbe().find(wanted, asyncio.Event()) == "none"
    assert children() == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("echo cuda", "cuda"),
        ("echo none", "none"),
        ("echo rm -rf /", "none"),
        ("kill -SEGV $$", "none"),
        ("exec sleep 60", "none"),
    ],
    ids=["there", "absent", "nonsense", "crashes", "hangs"],
)
async def test_it_is_looked_for_once_whoever_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, found: str
) -> None:
    command = code(tmp_path, text)
    monkeypatch.setattr(hardware_probe, "child_command", lambda *_: command)
    monkeypatch.setattr(hardware_probe, "_TIMEOUT_S", 1.0)
    probe, stop = HardwareProbe(), asyncio.Event()
    told = await asyncio.gather(*(probe.find("auto", stop) for _ in range(5)))
    told += [await probe.find("auto", stop), await probe.find(found, stop)]
    assert set(told) == {found}
    assert (tmp_path / "asked").read_text() == "x\n"
    assert children() == set()


async def test_a_service_that_stops_does_not_wait_for_a_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = code(tmp_path, "exec sleep 60")
    monkeypatch.setattr(hardware_probe, "child_command", lambda *_: command)
    probe, stop = HardwareProbe(), asyncio.Event()
    asking = asyncio.create_task(probe.find("auto", stop))
    await until((tmp_path / "asked").exists)
    stop.set()
    assert await asyncio.wait_for(asking, 1) == "none"
    await probe.close()
    assert children() == set()


@absent
async def test_a_camera_is_decoded_in_software_then_and_says_so(tmp_path: Path) -> None:
    write_colours(tmp_path / "a.mp4")
    async with (
        CameraSimulator([tmp_path / "a.mp4"], port=0, loop=True) as source,
        watching(camera(source.url, hwaccel="cuda")) as watch,
    ):
        await watch.until_frames(2, 20)
        state = watch.supervisor.state
    assert "cuda cannot be had here: decoded in software" in state.remarks
    assert state.restarts == 0


@absent
@pytest.mark.parametrize("device", ["cuda", "vaapi"])
async def test_a_device_that_is_gone_since_is_no_fault_of_the_camera(
    tmp_path: Path, device: str
) -> None:
    write_colours(tmp_path / "a.mp4", seconds=1)
    failure, counters = await play_to_the_end(request(tmp_path / "a.mp4", hwaccel=device))
    if device == "cuda":
        assert failure.kind is FailureKind.HARDWARE
        assert "cannot be had any more" in failure.text
    else:
        # FFmpeg without VA-API decodes in software by itself.
        assert (failure.kind, counters.sound) in (
            (FailureKind.ENDED, 25),
            (FailureKind.HARDWARE, 0),
        )
