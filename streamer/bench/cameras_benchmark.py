"""What one matcher costs with so many cameras, beside bare ONNX Runtime for the same runs."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from matcher.face import Image
from matcher.matcher import Matcher
from matcher.session import Shape
from streamer.bench.bare_models import BareModels
from streamer.bench.figures import percentile
from streamer.bench.matcher_figures import MatcherFigures

_BARE_SHARE: Final = 0.5
"""Of the measured seconds, for the bare library."""


async def cameras_row(
    matcher: Matcher, bare: BareModels, pack: str, picture: Image, cameras: int, seconds: float
) -> MatcherFigures:
    """Let every camera look at the picture as fast as it can, embedding each face in it.

    Args:
        matcher: As the service has it.
        bare: The same models without anything around them.
        pack: Their pack.
        picture: What all cameras see, uint8 (h, w, 3) RGB.
        cameras: How many.
        seconds: For the measurement.
    """
    await _look(matcher, picture)
    before = matcher.runs
    spent: list[float] = []
    cpu_began, began = time.process_time(), time.monotonic()

    async def camera() -> None:
        while time.monotonic() - began < seconds:
            since = time.monotonic()
            await _look(matcher, picture)
            spent.append(time.monotonic() - since)

    await asyncio.gather(*(camera() for _ in range(cameras)))
    elapsed, cpu_s = time.monotonic() - began, time.process_time() - cpu_began
    detector, embedder = (_grown(was, now) for was, now in zip(before, matcher.runs, strict=True))
    bare_s = await asyncio.to_thread(bare.cpu_seconds, detector, embedder, _BARE_SHARE * seconds)
    median, high = percentile(spent, 0.5), percentile(spent, 0.95)
    assert median is not None
    assert high is not None
    ratio = bare_s / cpu_s
    return MatcherFigures(
        subject="cameras",
        pack=pack,
        size=cameras,
        per_second=len(spent) / elapsed,
        bare_per_second=len(spent) / bare_s,
        ratio=ratio,
        ratio_least=ratio,
        ratio_most=ratio,
        measurements=1,
        latency_p50_ms=1000 * median,
        latency_p95_ms=1000 * high,
        cpu_ms=1000 * cpu_s / len(spent),
        note="bare: frames per CPU second",
    )


async def _look(matcher: Matcher, picture: Image) -> None:
    faces = await matcher.detect(picture)
    await matcher.embed(picture, faces)


def _grown(before: Mapping[Shape, int], after: Mapping[Shape, int]) -> dict[Shape, int]:
    return {
        shape: count - before.get(shape, 0)
        for shape, count in after.items()
        if count > before.get(shape, 0)
    }
