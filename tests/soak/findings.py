"""What a soak measured, and whether it keeps to its bounds."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

START_S = 30.0
STOP_S = 3.0
SERVICE_GROWTH_MB = 8.0
DECODER_GROWTH_MB = 8.0
FRAMES_SHARE = 0.95
_SLACK = 6
"""So many more at the end than at the beginning are a connection that is just being made."""


@dataclass(frozen=True, slots=True)
class Findings:
    """One soak.

    Attributes:
        minutes: How long cameras were cut off again and again.
        all_streaming_s: From the start of the service until every camera streamed; None if never.
        reconnects: Decoder processes started after each camera's first.
        cuts: Connections that were cut off.
        frames: Analysed frames of the healthy cameras.
        frames_share: Of those that were due, the worst camera's.
        service_mb: Private memory of the service, first and last.
        service_growth_mb: Second quarter to last quarter, medians.
        service_slope_mb_h: Least squares, the first quarter left out.
        decoder_mb: Of the healthy cameras' decoders, first and last, on average.
        decoder_growth_mb: As above, of all of them together divided by their number.
        stop_s: How long stopping took.
        left_over: Processes that outlived the service.
        left_in_shm: Names that are new in /dev/shm.
    """

    cameras: int
    minutes: float
    all_streaming_s: float | None
    reconnects: int
    cuts: int
    frames: int
    frames_share: float
    service_mb: tuple[float, float]
    service_growth_mb: float
    service_slope_mb_h: float
    decoder_mb: tuple[float, float]
    decoder_growth_mb: float
    decoder_slope_mb_h: float
    descriptors: tuple[int, int]
    processes: tuple[int, int]
    threads: tuple[int, int]
    longest_lag_s: float
    stop_s: float
    left_over: int
    left_in_shm: int

    @property
    def faults(self) -> list[str]:
        """Every bound that was broken, in words."""
        return list(self._faults())

    def _faults(self) -> Iterator[str]:
        if self.all_streaming_s is None or self.all_streaming_s > START_S:
            yield f"not all {self.cameras} cameras streamed within {START_S:g} s"
        if self.cuts and self.reconnects < self.cuts // 2:
            yield f"{self.reconnects} reconnects after {self.cuts} cuts"
        if self.frames_share < FRAMES_SHARE:
            yield f"a healthy camera got {self.frames_share:.0%} of its frames"
        if self.service_growth_mb > SERVICE_GROWTH_MB:
            yield f"the service grew by {self.service_growth_mb:.1f} MB"
        if self.decoder_growth_mb > DECODER_GROWTH_MB:
            yield f"decoders grew by {self.decoder_growth_mb:.1f} MB"
        for name in ("descriptors", "processes", "threads"):
            first, last = getattr(self, name)
            if last > first + _SLACK:
                yield f"{name} went from {first} to {last}"
        if self.stop_s > STOP_S:
            yield f"stopping took {self.stop_s:.1f} s"
        if self.left_over:
            yield f"{self.left_over} processes were left behind"
        if self.left_in_shm:
            yield f"{self.left_in_shm} names were left in /dev/shm"

    @property
    def row(self) -> dict[str, object]:
        """For `--json`."""
        return {"ok": not self.faults, "faults": self.faults, **asdict(self)}

    @property
    def table(self) -> str:
        """For people."""
        rows = [
            ("", "begin", "end", "growth", "slope"),
            _sizes(
                "service, private MB",
                self.service_mb,
                self.service_growth_mb,
                self.service_slope_mb_h,
            ),
            _sizes(
                "a decoder, private MB",
                self.decoder_mb,
                self.decoder_growth_mb,
                self.decoder_slope_mb_h,
            ),
            ("descriptors", *map(str, self.descriptors), "", ""),
            ("processes", *map(str, self.processes), "", ""),
            ("threads", *map(str, self.threads), "", ""),
        ]
        lines = [f"{a:24}{b:>10}{c:>10}{d:>12}{e:>14}" for a, b, c, d, e in rows]
        started = "never" if self.all_streaming_s is None else f"after {self.all_streaming_s:.1f} s"
        lines += [
            "",
            f"{self.cameras} cameras all streaming {started}; "
            f"then {self.minutes:g} minutes with half of them cut off again and again",
            f"{self.cuts} cuts, {self.reconnects} reconnects, {self.frames} frames of the healthy "
            f"cameras ({self.frames_share:.1%} of those due at the worst one)",
            f"longest lag of the event loop {self.longest_lag_s:.2f} s; stopped in "
            f"{self.stop_s:.2f} s, {self.left_over} processes left, {self.left_in_shm} names left",
        ]
        lines += [f"BROKEN: {fault}" for fault in self.faults] or ["every bound was kept"]
        return "\n".join(lines)


def _sizes(
    name: str, sizes: tuple[float, float], growth: float, slope: float
) -> tuple[str, str, str, str, str]:
    first, last = sizes
    return name, f"{first:.1f}", f"{last:.1f}", f"{growth:+.1f} MB", f"{slope:+.1f} MB/h"
