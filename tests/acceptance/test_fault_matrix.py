"""Every fault of a camera against a running service with a healthy second camera.

Each faulty camera is a simulated one that is sound first, then has its fault, then is sound again.
All of a group are faulty at once. The whole matrix takes minutes and runs with `-m matrix`; a few
faults with short time-outs always do.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.video.stream import VideoStream

from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.simulator.faults.access import Refuse
from streamer.simulator.faults.catalogue import FAULTS
from streamer.simulator.server import CameraSimulator
from tests.acceptance.camera_watch import CameraWatch
from tests.acceptance.fault_rows import ACCESS, DELIVERY, PICTURE, TIMES, FaultRow
from tests.acceptance.kirdi import Kirdi
from tests.data import need
from tests.video import make_video

HEALTHY = "healthy"
FPS = 10
PACE = 5.0
WHOLE = {"connect_timeout_s": 10.0, "stall_timeout_s": 10.0}
SCALED = {"connect_timeout_s": 2.0, "stall_timeout_s": 2.0}
START_S = 60.0
"""Models, servers and a dozen cameras, beside other tests."""
LASTS_S = 8.0
"""A fault that must not end the stream is looked at for so long."""


def test_every_fault_there_is_has_a_row() -> None:
    shown = {type(row.fault) for row in (*ACCESS, *DELIVERY, *TIMES, *PICTURE)}
    assert shown == set(FAULTS)


async def test_a_few_faults_with_short_time_outs(kirdi: Kirdi) -> None:
    rows = [row for row in (*ACCESS, *DELIVERY, *TIMES) if row.quick]
    await show(kirdi, rows, made(kirdi.folder), SCALED)


@pytest.mark.matrix
@pytest.mark.timeout(400)
@pytest.mark.parametrize("rows", [ACCESS, DELIVERY, TIMES], ids=["access", "delivery", "times"])
async def test_every_fault_of_a_group(kirdi: Kirdi, rows: Sequence[FaultRow]) -> None:
    await show(kirdi, rows, made(kirdi.folder), WHOLE)


@pytest.mark.matrix
@pytest.mark.timeout(400)
async def test_every_fault_of_the_picture(kirdi: Kirdi) -> None:
    """On a real picture: a drawn one may look out of focus to begin with."""
    smaller = await asyncio.to_thread(shrunk, need("clips/backs.mp4"), kirdi.folder)
    await show(kirdi, PICTURE, smaller, WHOLE)


def made(folder: Path) -> Path:
    path = folder / "lobby.mp4"
    make_video(path, size=(320, 240), fps=FPS, seconds=4)
    return path


def shrunk(recording: Path, folder: Path) -> Path:
    """The recording at 480x270: painting seven full-size ones would take the whole machine."""
    path = folder / "real.mp4"
    options = {"preset": "veryfast", "g": "10", "bf": "0"}
    with av.open(str(recording)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=FPS, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 480, 270, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            smaller = frame.reformat(480, 270, "yuv420p")
            smaller.pts, smaller.time_base = number, Fraction(1, FPS)
            target.mux(stream.encode(smaller))
        target.mux(stream.encode(None))
    return path


async def show(
    kirdi: Kirdi, rows: Sequence[FaultRow], clip: Path, time_outs: dict[str, float]
) -> None:
    """Run a service with a camera per row, and a healthy one."""
    async with AsyncExitStack() as stack:
        sources = {
            name: await stack.enter_async_context(CameraSimulator([clip], port=0, loop=True))
            for name in (HEALTHY, *(row.name for row in rows))
        }
        transports = {row.name: row.transport for row in rows}
        kirdi.cameras = [
            camera(name, source.url, transports.get(name, "tcp"), time_outs)
            for name, source in sources.items()
        ]
        service = await asyncio.to_thread(lambda: stack.enter_context(kirdi.service()))
        watch = CameraWatch(kirdi.home)
        watching = asyncio.create_task(watch.run())
        stack.callback(watching.cancel)
        await watch.until(
            lambda: (
                len(watch.reports) == len(sources)
                and all(watch.delivers(name, 0) for name in sources)
            ),
            START_S,
            HEALTHY,
            "and all the others do not stream at first",
        )
        before, began = watch.reports[HEALTHY].state, watch.at
        patience_s = sum(time_outs.values()) + 15.0
        results = await asyncio.gather(
            *(meet(watch, row, sources[row.name], patience_s) for row in rows),
            return_exceptions=True,
        )
        after, ended = watch.reports[HEALTHY].state, watch.at
        service.wait_for(lambda: True, 1)
        assert "Traceback" not in service.log
        await asyncio.to_thread(service.stop)
    lost_nothing(before, after, ended - began)
    if time_outs is WHOLE:
        looked_at_all(before, after, ended - began)
    failures = [str(one) for one in results if one is not None]
    assert not failures, "\n".join(failures)


def camera(name: str, url: str, transport: str, time_outs: dict[str, float]) -> dict[str, Any]:
    pace = PACE if name == HEALTHY else 1.0
    return {"id": name, "url": url, "transport": transport, "analyse_fps": pace, **time_outs}


async def meet(
    watch: CameraWatch, row: FaultRow, source: CameraSimulator, patience_s: float
) -> None:
    """Break a camera and mend it.

    Raises:
        AssertionError: It was not seen in the right state, or did not come back in time.
    """
    await asyncio.sleep(row.settles_s)
    if row.reboots:
        await source.set_faults([Refuse()])
        await watch.until(
            lambda: watch.reports[row.name].state.status is CameraStatus.DOWN,
            patience_s,
            row.name,
            "goes away and is not down",
        )
    watch.forget(row.name)
    decoded = watch.reports[row.name].state.decoded
    await source.set_faults([row.fault])
    await watch.until(
        lambda: watch.has_been(row.name, row.status, row.reason),
        patience_s + row.takes_s,
        row.name,
        f"is never {row.status} because of {row.reason!r}",
    )
    if row.status is CameraStatus.STREAMING:
        await asyncio.sleep(LASTS_S)
        await watch.until(
            lambda: watch.delivers(row.name, decoded + 20), 5, row.name, "does not go on"
        )
    elif row.status is not CameraStatus.DEGRADED:
        # The camera came back before this was seen? Then there is nothing to wait for.
        assert row.fault.name in source.counts, f"the fault never acted: {source.counts}"
    decoded = watch.reports[row.name].state.decoded
    await source.set_faults()
    await watch.until(
        lambda: watch.delivers(row.name, decoded), row.back_s, row.name, "does not stream again"
    )


def lost_nothing(before: CameraState, after: CameraState, seconds: float) -> None:
    """The healthy camera decoded at least 95 % of its frames, and never lost its connection."""
    assert after.restarts == before.restarts
    assert after.decoded - before.decoded >= 0.95 * FPS * (seconds - 0.5)


def looked_at_all(before: CameraState, after: CameraState, seconds: float) -> None:
    """Of those that were due less than 5 % were dropped; beside other tests a machine is short."""
    dropped = after.dropped - before.dropped
    looked_at = after.analysed + after.still - before.analysed - before.still
    assert dropped <= 0.05 * (dropped + looked_at), (before, after)
    assert looked_at >= 0.95 * PACE * (seconds - 0.5), (seconds, before, after)
