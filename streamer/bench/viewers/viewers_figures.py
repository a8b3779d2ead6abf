"""A row of `kirdi bench viewers`. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from streamer.bench.figures import ServiceSample, percentile

_LONGEST_S: Final = 10.0
"""A delay above that is a frame of the clip's round before."""


@dataclass(frozen=True, slots=True)
class ViewersFigures:
    """What so many viewers cost.

    Attributes:
        viewers: How many look at the one camera.
        mbit_s: What it sends, Mbit a second.
        fps: Frames a second that a viewer received, on average,
        fps_least: and the one that received the fewest.
        cpu_per_viewer: CPU seconds a second of the thread that sends, for each viewer.
        bare_cpu: The same of a process in which aiortc encodes for one viewer, in this run.
        ratio: The former over the latter.
        cpu_more: CPU seconds a second of service and decoders above those without viewers, for
            each viewer; None in that row.
        delay_p50_ms: From the camera's sending to the decoded picture, by the clock in it,
        delay_p95_ms: and this is rarely exceeded.
        analysed_fps: Frames a second that were analysed meanwhile.
        dropped: Frames that should have been, and were replaced by a newer one.
        service_mb: Memory of the service, proportional.
        stalled_mb: What it grew by while all viewers stood still for some seconds; None = they did
            not.
        idle_cpu: Share of the machine that nobody used.
    """

    viewers: int
    mbit_s: float
    fps: float | None
    fps_least: float | None
    cpu_per_viewer: float | None
    bare_cpu: float
    ratio: float | None
    cpu_more: float | None
    delay_p50_ms: float | None
    delay_p95_ms: float | None
    analysed_fps: float
    dropped: int
    service_mb: float | None
    stalled_mb: float | None
    idle_cpu: float


@dataclass(frozen=True, slots=True)
class Watching:
    """What the viewers saw in so many seconds.

    Attributes:
        frames: Received, by viewer.
        seen: Wall time of a decoded picture, and its number.
        played_at: Wall time at which the camera sent picture 0.
        clip_frames: How many the clip has; it begins anew then.
        fps: Of the clip.
    """

    seconds: float
    frames: tuple[int, ...]
    seen: Sequence[tuple[float, int]]
    played_at: float
    clip_frames: int
    fps: int

    @property
    def delays_s(self) -> list[float]:
        """From sending to seeing, of each picture."""
        length = self.clip_frames / self.fps
        return [
            delay
            for at, number in self.seen
            if (delay := (at - self.played_at - number / self.fps) % length) < _LONGEST_S
        ]


def viewers_figures(
    sample: ServiceSample,
    cores: int,
    beside: tuple[float, float],
    alone: ServiceSample | None,
    watching: Watching | None,
    stalled_mb: float | None,
) -> ViewersFigures:
    """Make a row.

    Args:
        sample: What the service used.
        cores: Of the machine.
        beside: CPU of aiortc encoding for one viewer; Mbit a second of the camera.
        alone: The sample without viewers; None = this is it.
        watching: None = nobody looked.
        stalled_mb: See `ViewersFigures`.
    """
    bare_cpu, mbit_s = beside
    count = 0 if watching is None else len(watching.frames)
    sent = more = None
    if watching is not None:
        # Where the machine is busy fewer arrive: as if all had.
        arrived = sum(watching.frames) / watching.seconds / watching.fps
        sent = sample.live_cpu_s / sample.seconds / arrived
    if watching is not None and alone is not None:
        more = (_used(sample) - _used(alone)) / count
    delays = [] if watching is None else watching.delays_s
    middle, high = percentile(delays, 0.5), percentile(delays, 0.95)
    return ViewersFigures(
        viewers=count,
        mbit_s=mbit_s,
        fps=None if watching is None else sum(watching.frames) / count / watching.seconds,
        fps_least=None if watching is None else min(watching.frames) / watching.seconds,
        cpu_per_viewer=sent,
        bare_cpu=bare_cpu,
        ratio=None if sent is None else sent / bare_cpu,
        cpu_more=more,
        delay_p50_ms=None if middle is None else 1000 * middle,
        delay_p95_ms=None if high is None else 1000 * high,
        analysed_fps=sample.analysed / sample.seconds,
        dropped=sample.dropped,
        service_mb=sample.service_mb,
        stalled_mb=stalled_mb,
        idle_cpu=sample.idle_s / sample.seconds / cores,
    )


def _used(sample: ServiceSample) -> float:
    return (sample.service_cpu_s + sample.decoders_cpu_s) / sample.seconds
