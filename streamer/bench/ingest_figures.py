"""The figures `kirdi bench ingest` reports, and the arithmetic behind them. Pure."""

import math
from dataclasses import dataclass

from streamer.bench.figures import percentile


@dataclass(frozen=True, slots=True)
class IngestSample:
    """What ingest did and used while it was measured.

    Attributes:
        seconds: How long that was.
        cpu_s: CPU seconds of supervisors, relays and decoders, all cameras.
        decoded: Frames decoded.
        analysed: Frames that reached a mailbox and were taken.
        dropped: Frames due for analysis that nobody took.
        restarts: Decoder processes started anew; 0 in a sound measurement.
        parent_mb: Memory of the process with supervisors and relays, proportional, MB.
        decoders_mb: The same of each decoder process; where it may not be read, nothing.
        latencies_s: From the arrival of a frame's packet to its being taken out of the mailbox.
        first_frame_s: From the start of a camera's supervisor to its first frame, per camera.
    """

    seconds: float
    cpu_s: float
    decoded: int
    analysed: int
    dropped: int
    restarts: int
    parent_mb: float | None
    decoders_mb: tuple[float, ...]
    latencies_s: tuple[float, ...]
    first_frame_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class IngestFigures:
    """One row of the benchmark. Times are milliseconds where they say so, memory is MB.

    Attributes:
        ratio: CPU of the whole ingest over that of bare PyAV decoding as many of the same frames.
        ratio_least: The least of all measurements of this row,
        ratio_most: and the most; the row is that of the measurement in the middle.
        measurements: How many there were.
        cpu_per_camera: CPU seconds per camera and second.
        bare_per_camera: The same of bare decoding.
        decoder_mb: The largest decoder's memory.
        first_frame_s: The last camera's first frame, after all were started at once.
    """

    cameras: int
    format: str
    seconds: float
    ratio: float
    ratio_least: float
    ratio_most: float
    measurements: int
    cpu_per_camera: float
    bare_per_camera: float
    frames_decoded: int
    frames_analysed: int
    frames_dropped: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    first_frame_s: float
    decoder_mb: float | None
    parent_mb: float | None
    restarts: int


def ingest_figures(
    cameras: int, format_name: str, sample: IngestSample, frame_cpu_s: float
) -> IngestFigures:
    """Make a row of what was measured.

    Args:
        cameras: How many there were.
        format_name: Size and rate of their video.
        sample: What ingest did.
        frame_cpu_s: CPU seconds bare PyAV needed for one frame meanwhile.
    """
    bare = sample.decoded * frame_cpu_s
    ratio = sample.cpu_s / bare if bare > 0 else math.inf
    median, high = (percentile(sample.latencies_s, share) for share in (0.5, 0.95))
    return IngestFigures(
        cameras=cameras,
        format=format_name,
        seconds=sample.seconds,
        ratio=ratio,
        ratio_least=ratio,
        ratio_most=ratio,
        measurements=1,
        cpu_per_camera=sample.cpu_s / sample.seconds / cameras,
        bare_per_camera=bare / sample.seconds / cameras,
        frames_decoded=sample.decoded,
        frames_analysed=sample.analysed,
        frames_dropped=sample.dropped,
        latency_p50_ms=None if median is None else 1000 * median,
        latency_p95_ms=None if high is None else 1000 * high,
        first_frame_s=max(sample.first_frame_s),
        decoder_mb=max(sample.decoders_mb, default=None),
        parent_mb=sample.parent_mb,
        restarts=sample.restarts,
    )
