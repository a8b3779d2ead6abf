"""What mutations start from: the torture data, cut into packets, messages and access units."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.codec import Codec
from streamer.simulator.parameter_sets import ParameterSets
from streamer.simulator.sdp import describe
from streamer.simulator.video_file import VideoFile
from tests.data import need
from tests.fuzz_seeds import fuzz_seeds

# Small pictures mostly, so that thousands of connections are affordable; each is odd in its way.
_FILES = (
    "h264/MIDR_MW_D.264",
    "h264/SVA_FM1_E.264",
    "h264/MR2_TANDBERG_E.264",
    "h264/BA_MW_D_IDR_LOST.264",
    "h264/Error_I_P.264",
    "h264/Cisco_Men_whisper_640x320_CABAC_Bframe_9.264",
    "h264/girlshy.h265",
    "containers/h264_10bits.mp4",
    "containers/h265_10bits.mp4",
    "containers/h265_video.mp4",
)
_UNITS = 40
_LARGEST_UNIT = 40_000


@dataclass(frozen=True, slots=True)
class Recording:
    """The beginning of a video, as a camera would send it."""

    name: str
    codec: Codec
    parameters: ParameterSets
    fps: float
    units: tuple[AccessUnit, ...]

    @property
    def description(self) -> bytes:
        """Its SDP."""
        return describe(self.codec, self.parameters, self.fps, "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Corpus:
    """All seeds, by what they are pieces of."""

    recordings: tuple[Recording, ...]
    messages: tuple[bytes, ...]
    header_values: tuple[bytes, ...]
    descriptions: tuple[bytes, ...]
    rtp_payloads: tuple[bytes, ...]
    packets: tuple[bytes, ...]

    @classmethod
    def load(cls) -> "Corpus":
        """Read the test data; skips the running test where it is absent."""
        packets = {path.name: path.read_bytes() for path in sorted(need("torture/rtp").iterdir())}
        payloads = [data for name, data in packets.items() if name.startswith("h264")]
        return cls(
            recordings=tuple(_recording(need(f"torture/{name}")) for name in _FILES),
            messages=tuple(fuzz_seeds("base-Fuzz")),
            header_values=tuple(fuzz_seeds("headers-Fuzz")),
            descriptions=tuple(fuzz_seeds("description-Fuzz")),
            rtp_payloads=(*payloads, *fuzz_seeds("format-rtp")),
            packets=tuple(data for name, data in packets.items() if not name.startswith("h264")),
        )


def _recording(path: Path) -> Recording:
    file = VideoFile.open(path)
    units = tuple(
        unit for unit in islice(file.units(), _UNITS) if sum(map(len, unit.nals)) <= _LARGEST_UNIT
    )
    return Recording(path.name, file.codec, file.parameters, file.fps, units)
