"""The figures `kirdi bench pipeline` reports, and the arithmetic behind them. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from streamer.errors import KirdiError

Shape = tuple[int, ...]
Runs = tuple[tuple[Shape, int], ...]
"""How often a network ran, by the shape of its input."""

FEW_CHECK_INS: Final = 20
"""Of fewer, the 95th percentile is the slowest."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What the cameras show.

    Attributes:
        path: The file.
        width: Pixels.
        height: Pixels.
        fps: Frames a second.
    """

    path: str
    width: int
    height: int
    fps: float


@dataclass(frozen=True, slots=True)
class ServiceSample:
    """What the service did and used while it was measured.

    Attributes:
        seconds: How long that was.
        service_cpu_s: CPU seconds of the service process,
        decoders_cpu_s: of all decoder processes,
        servers_cpu_s: and of the embedded PostgreSQL and Redis.
        idle_s: CPU seconds in which nobody on the machine had work.
        decoded: Frames decoded, all cameras.
        analysed: Frames taken through the pipelines.
        dropped: Frames meant for analysis and replaced by a newer one.
        restarts: Decoder processes started anew; 0 in a sound measurement.
        service_mb: Memory of the service process, proportional set size, MB.
        decoder_mb: Of the largest decoder process.
        latencies_s: From the arrival of the deciding frame's packet to the commit, per check-in.
        detector_runs: How often the detector ran,
        embedder_runs: and the embedder.
        live_cpu_s: CPU seconds of the thread that sends live video, which are among the service's.
    """

    seconds: float
    service_cpu_s: float
    decoders_cpu_s: float
    servers_cpu_s: float
    idle_s: float
    decoded: int
    analysed: int
    dropped: int
    restarts: int
    service_mb: float | None
    decoder_mb: float | None
    latencies_s: tuple[float, ...]
    detector_runs: Runs
    embedder_runs: Runs
    live_cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BareCosts:
    """What bare PyAV and bare ONNX Runtime need for one piece of work, CPU seconds.

    Attributes:
        decode_s: To decode one frame.
        convert_s: To turn one into RGB of full resolution.
        detector_s: One run of the detector, by input shape.
        embedder_s: One run of the embedder.
    """

    decode_s: float
    convert_s: float
    detector_s: Mapping[Shape, float]
    embedder_s: Mapping[Shape, float]

    def cpu_seconds(self, sample: ServiceSample) -> float:
        """What the work in `sample` costs with nothing around the libraries.

        Raises:
            KirdiError: A network ran with a shape that was not measured.
        """
        return (
            sample.decoded * self.decode_s
            + sample.analysed * self.convert_s
            + _of_runs("detector", sample.detector_runs, self.detector_s)
            + _of_runs("embedder", sample.embedder_runs, self.embedder_s)
        )


@dataclass(frozen=True, slots=True)
class PipelineFigures:
    """One row of the benchmark. Times of latency are milliseconds, memory is MB.

    Attributes:
        ratio: CPU of service and decoders over that of the bare libraries for the same runs of the
            networks, so that padding and mirror images of faces are in both.
        ratio_least: The least of all measurements of this row,
        ratio_most: and the most; the row is that of the measurement in the middle.
        measurements: How many there were.
        fps_asked: Frames a second all cameras together are to analyse.
        fps: What was achieved.
        cpu_per_camera: CPU seconds of service and decoders per camera and second.
        service_cpu: The service's part of it, all cameras: CPU seconds per second.
        decoders_cpu: The decoders' part.
        servers_cpu: The embedded PostgreSQL and Redis, which are in no other figure.
        idle_cpu: What was left on the machine: near 0, frames are dropped for want of CPU, whoever
            else used it.
        bare_cpu: The bare libraries: CPU seconds per second of the measurement.
        embedded: Chips the embedder took a second, padding and mirror images included.
        people: How many people of the clip were enrolled.
        note: Why there is no latency, or what else is to be known; empty otherwise.
    """

    cameras: int
    clip: str
    width: int
    height: int
    clip_fps: float
    seconds: float
    ratio: float
    ratio_least: float
    ratio_most: float
    measurements: int
    fps_asked: float
    fps: float
    frames_decoded: int
    frames_analysed: int
    frames_dropped: int
    cpu_per_camera: float
    service_cpu: float
    decoders_cpu: float
    servers_cpu: float
    idle_cpu: float
    bare_cpu: float
    embedded: float
    people: int
    check_ins: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    service_mb: float | None
    decoder_mb: float | None
    note: str


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile: the least value that `share` of all do not exceed.

    Args:
        values: In any order; None is returned where there is none.
        share: Above 0, 1 at most.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"no percentile is {share}")
    if not values:
        return None
    return sorted(values)[math.ceil(share * len(values)) - 1]


def average(one: BareCosts, other: BareCosts) -> BareCosts:
    """The mean of the costs measured before and after."""
    return BareCosts(
        decode_s=(one.decode_s + other.decode_s) / 2,
        convert_s=(one.convert_s + other.convert_s) / 2,
        detector_s=_means(one.detector_s, other.detector_s),
        embedder_s=_means(one.embedder_s, other.embedder_s),
    )


def pipeline_figures(
    clip: Clip, asked: tuple[int, float], people: int, sample: ServiceSample, bare: BareCosts
) -> PipelineFigures:
    """Make a row of what was measured.

    Args:
        clip: What the cameras showed.
        asked: Number of cameras, and frames a second each is to analyse.
        people: How many of the clip were enrolled.
        sample: The service.
        bare: The libraries, before and after it.
    """
    cameras, analyse_fps = asked
    used = sample.service_cpu_s + sample.decoders_cpu_s
    needed = bare.cpu_seconds(sample)
    median, high = (percentile(sample.latencies_s, share) for share in (0.5, 0.95))
    ratio = used / needed if needed > 0 else math.inf
    chips = sum(shape[0] * count for shape, count in sample.embedder_runs)
    return PipelineFigures(
        cameras=cameras,
        clip=clip.path,
        width=clip.width,
        height=clip.height,
        clip_fps=clip.fps,
        seconds=sample.seconds,
        ratio=ratio,
        ratio_least=ratio,
        ratio_most=ratio,
        measurements=1,
        fps_asked=cameras * min(analyse_fps, clip.fps),
        fps=sample.analysed / sample.seconds,
        frames_decoded=sample.decoded,
        frames_analysed=sample.analysed,
        frames_dropped=sample.dropped,
        cpu_per_camera=used / sample.seconds / cameras,
        service_cpu=sample.service_cpu_s / sample.seconds,
        decoders_cpu=sample.decoders_cpu_s / sample.seconds,
        servers_cpu=sample.servers_cpu_s / sample.seconds,
        idle_cpu=sample.idle_s / sample.seconds,
        bare_cpu=needed / sample.seconds,
        embedded=chips / sample.seconds,
        people=people,
        check_ins=len(sample.latencies_s),
        latency_p50_ms=None if median is None else 1000 * median,
        latency_p95_ms=None if high is None else 1000 * high,
        service_mb=sample.service_mb,
        decoder_mb=sample.decoder_mb,
        note=_note(people, sample),
    )


def _note(people: int, sample: ServiceSample) -> str:
    notes = []
    if people == 0:
        notes.append("the clip shows no face that can be enrolled, so there is no latency")
    elif not sample.latencies_s:
        notes.append("nobody was recognised, so there is no latency")
    elif len(sample.latencies_s) < FEW_CHECK_INS:
        notes.append(f"p95 of few: the slowest of {len(sample.latencies_s)}")
    if sample.restarts:
        notes.append(f"{sample.restarts} decoder processes were started anew")
    return "; ".join(notes)


def _means(one: Mapping[Shape, float], other: Mapping[Shape, float]) -> dict[Shape, float]:
    """A shape that only came up in the service is measured only after it."""
    return {
        shape: (one.get(shape, other.get(shape, 0.0)) + other.get(shape, one.get(shape, 0.0))) / 2
        for shape in {**one, **other}
    }


def _of_runs(network: str, runs: Runs, costs: Mapping[Shape, float]) -> float:
    for shape, _ in runs:
        if shape not in costs:
            size = "x".join(str(length) for length in shape)
            raise KirdiError(
                f"benchmark: the {network} ran on {size}, which was not measured bare; "
                "give a clip of one size"
            )
    return sum(count * costs[shape] for shape, count in runs)
