"""What a fuzz campaign found, and whether that is good enough."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

BACK_S = 5.0
GROWTH_MB = 16.0
HEALTHY_SHARE = 0.95


@dataclass
class Verdict:
    """Counters of a campaign.

    Attributes:
        inputs: Mutated pieces sent, by what was damaged.
        datagrams: Packets, damaged and sound ones, that went over UDP.
        ends: How connections ended, by kind of failure.
        deaths: Decoder processes that died, by signal or exit code: allowed, and counted.
        connections: Decoder processes that have come and gone.
        pictures: Connections among the hostile ones that showed a picture.
        overdue: Decoder processes that the watchdog had to end.
        back_s: Seconds from the last hostile conversation to a picture of the sound camera.
        kept: Episodes written to the folder, to be played again.
        crash: Why the service ended or fell silent, if it did.
        memory_mb: Private memory of the service: after the start, and at the end.
    """

    inputs: Counter[str] = field(default_factory=Counter)
    datagrams: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    pictures: int = 0
    overdue: int = 0
    back_s: list[float] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    crash: str = ""
    seconds: float = 0.0
    longest_silence_s: float = 0.0
    healthy_share: float = 0.0
    memory_mb: tuple[float, float] = (0.0, 0.0)
    growth_mb: float = 0.0
    slope_mb_h: float = 0.0
    descriptors: tuple[int, int] = (0, 0)
    left_over: int = 0

    @property
    def faults(self) -> list[str]:
        """Every bound that was broken, in words."""
        return list(self._faults())

    def _faults(self) -> Iterator[str]:
        if self.crash:
            yield self.crash
        late = [seconds for seconds in self.back_s if seconds > BACK_S]
        if late:
            yield f"{len(late)} times a sound camera took longer than {BACK_S:g} s to show again"
        if not self.back_s:
            yield "no decoder was ever seen to come back"
        if self.growth_mb > GROWTH_MB:
            yield f"the service grew by {self.growth_mb:.1f} MB"
        if self.healthy_share < HEALTHY_SHARE:
            yield f"the healthy camera got {self.healthy_share:.0%} of its frames"
        if self.descriptors[1] > self.descriptors[0] + 8:
            yield f"descriptors went from {self.descriptors[0]} to {self.descriptors[1]}"
        if self.left_over:
            yield f"{self.left_over} processes were left behind"

    @property
    def row(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "ok": not self.faults,
            "faults": self.faults,
            "inputs": dict(self.inputs),
            "inputs_total": self.inputs.total(),
            "datagrams": self.datagrams,
            "seconds": round(self.seconds, 1),
            "inputs_per_s": round(self.inputs.total() / max(self.seconds, 1e-9), 1),
            "connections": self.connections,
            "with_pictures": self.pictures,
            "ends": dict(self.ends.most_common()),
            "decoder_deaths": dict(self.deaths),
            "decoders_overdue": self.overdue,
            "back_on_sound_camera": len(self.back_s),
            "back_s_max": round(max(self.back_s, default=0.0), 2),
            "healthy_camera_share": round(self.healthy_share, 3),
            "longest_silence_s": round(self.longest_silence_s, 2),
            "memory_mb": [round(size, 1) for size in self.memory_mb],
            "growth_mb": round(self.growth_mb, 2),
            "slope_mb_h": round(self.slope_mb_h, 1),
            "descriptors": list(self.descriptors),
            "left_over": self.left_over,
            "kept": self.kept,
        }
