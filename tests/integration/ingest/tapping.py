"""What it costs to let people look: CPU with no viewer, one, and ten, in turns of one run.

Run as `python -m tests.integration.ingest.tapping CLIP [SECONDS]`; it prints a line a case. The
camera is simulated by a process of its own and plays the clip as 1080p25 and, for the sub-stream,
360p15.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from av.packet import Packet

from streamer.bench.process_usage import ProcessUsage, memory_mb
from streamer.bench.reencoded import Format, reencode
from streamer.ingest import live_view
from streamer.ingest.packet_inspector import PacketInspector
from streamer.ingest.packet_subscription import PacketSubscription
from streamer.ingest.packet_tap import PacketTap
from tests.integration.ingest.watching import Watch, camera, until, watching

_ROUNDS = 3
_VIEWERS = (0, 1, 10)


def silent_tap_ns(packets: int = 100_000) -> float:
    """What being shown a packet takes while nobody looks, nanoseconds."""
    tap = PacketTap(lambda: PacketInspector("h264", (0, 0), Fraction(1, 90_000), None))
    key, other = Packet(bytes(100_000)), Packet(bytes(15_000))
    key.is_keyframe = True
    began = time.perf_counter_ns()
    for index in range(packets):
        tap.see(other if index % 50 else key, index)  # type: ignore[arg-type]
    return (time.perf_counter_ns() - began) / packets


@contextmanager
def simulated(clips: list[Path]) -> Iterator[str]:
    """A camera in a process of its own; the address without the clip's name."""
    command = [sys.executable, "-m", "streamer", "camera", "simulate", *map(str, clips)]
    with subprocess.Popen(
        [*command, "--port", "0", "--loop", "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split('"url": "')[1].split("/stream")[0]
        finally:
            process.terminate()


async def measure(watch: Watch, viewers: int, seconds: float) -> tuple[float, float, float, int]:
    """Shares of a core: the first decoder, the sub-stream's process, this one; packets a viewer."""
    taken = [0]

    async def look(viewer: PacketSubscription) -> None:
        async for _ in viewer:
            taken[0] += 1

    with ExitStack() as stack:
        tasks = [
            asyncio.create_task(look(stack.enter_context(watch.view.subscribe())))
            for _ in range(viewers)
        ]
        await asyncio.sleep(2)
        taken[0] = 0
        before = used(watch)
        await asyncio.sleep(seconds)
        after = used(watch)
        count = taken[0] // max(1, viewers)
    await asyncio.gather(*tasks)
    decoder, forwarder, service = ((b - a) / seconds for a, b in zip(before, after, strict=True))
    return decoder, forwarder, service, count


def used(watch: Watch) -> tuple[float, float, float]:
    pids = [one.pid for one in watch.decoders if one.pid is not None]
    cpu = [usage.own_s for pid in pids if (usage := ProcessUsage.of(pid)) is not None]
    return cpu[0], sum(cpu[1:]), time.process_time()


async def compare(name: str, url: str, seconds: float, **changes: object) -> None:
    async with watching(camera(url, analyse_fps=5, **changes)) as watch:
        await watch.until_frames(5, 20)
        rounds: dict[int, list[tuple[float, float, float, int]]] = {one: [] for one in _VIEWERS}
        memory = None
        for _ in range(_ROUNDS):
            for viewers in _VIEWERS:
                rounds[viewers].append(await measure(watch, viewers, seconds))
            with watch.view.subscribe() as viewer:
                await anext(viewer)
                pid = watch.decoders[-1].pid
                memory = None if pid is None else memory_mb(pid)
            await until(lambda: watch.view.state.viewers == 0)
        for viewers, figures in rounds.items():
            decoder, forwarder, service = (
                statistics.median(one[index] for one in figures) for index in range(3)
            )
            count = statistics.median(one[3] for one in figures)
            print(
                f"{name}, {viewers:2} viewers: decoder {decoder:.1%}, sub-stream's process "
                f"{forwarder:.1%}, service {service:.2%} of a core; "
                f"{count / seconds:.1f} packets/s; the sending process has {memory:.0f} MB"
            )


async def _main(clip: Path, seconds: float) -> None:
    live_view.LINGER_S = 0.5  # type: ignore[misc]
    print(f"shown a packet with nobody looking: {silent_tap_ns():.0f} ns")
    with TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.mp4", Path(folder) / "small.mp4"
        await asyncio.to_thread(reencode, clip, Format(1920, 1080, 25), large)
        await asyncio.to_thread(reencode, clip, Format(640, 360, 15), small)
        with simulated([large, small]) as base:
            await compare("main stream", f"{base}/large", seconds)
            await compare("sub-stream", f"{base}/large", seconds, view_url=f"{base}/small")


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 5.0))
