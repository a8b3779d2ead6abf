"""The session description a DESCRIBE is answered with. Pure; used by `session`.

RFC 8866 (SDP), RFC 6184 section 8.2 and RFC 7798 section 7.2 (the `fmtp` parameters),
RFC 2326 appendix C (`control` and `range`).
"""

from base64 import b64encode
from collections.abc import Iterable

from streamer.simulator.access_unit import CLOCK_RATE
from streamer.simulator.codec import Codec
from streamer.simulator.parameter_sets import ParameterSets

TRACK = "trackID=0"
"""The only media's control address, relative to the stream's."""


def describe(codec: Codec, parameters: ParameterSets, fps: float | None, host: str) -> bytes:
    """The description of a stream with one video track."""
    number = codec.payload_type
    family = "IP6" if ":" in host else "IP4"
    lines = [
        "v=0",
        f"o=- 1 1 IN {family} {host}",
        "s=Kirdi simulated camera",
        f"c=IN {family} {'::' if family == 'IP6' else '0.0.0.0'}",  # noqa: S104 - what RTSP puts there
        "t=0 0",
        "a=control:*",
        "a=range:npt=0-",
        f"m=video 0 RTP/AVP {number}",
        f"a=rtpmap:{number} {codec.value}/{CLOCK_RATE}",
    ]
    if format_parameters := _format_parameters(codec, parameters):
        lines.append(f"a=fmtp:{number} {format_parameters}")
    if fps is not None:
        lines.append(f"a=framerate:{fps:g}")
    lines.append(f"a=control:{TRACK}")
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def _format_parameters(codec: Codec, parameters: ParameterSets) -> str:
    if codec is Codec.JPEG:
        return ""
    if codec is Codec.H265:
        named = (("vps", parameters.vps), ("sps", parameters.sps), ("pps", parameters.pps))
        return ";".join(f"sprop-{name}={_base64(units)}" for name, units in named if units)
    found = ["packetization-mode=1"]
    if parameters.sps and len(parameters.sps[0]) >= 4:
        found.append(f"profile-level-id={parameters.sps[0][1:4].hex().upper()}")
    if units := parameters.sps + parameters.pps:
        found.append(f"sprop-parameter-sets={_base64(units)}")
    return ";".join(found)


def _base64(units: Iterable[bytes]) -> str:
    return ",".join(b64encode(unit).decode("ascii") for unit in units)
