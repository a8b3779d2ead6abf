"""Lines of a session description (RFC 8866), within bounds. Pure; used by the parsers here."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from streamer.web.media.refusal import SdpError

MOST_BYTES: Final = 32 * 1024
"""An offer of Chromium for one video is 6 KiB."""
_MOST_LINES: Final = 1000
_LONGEST_LINE: Final = 1024
MOST_CANDIDATES: Final = 32
"""Of one viewer, all fragments together."""

_PRINTABLE: Final = re.compile(r"[\x20-\x7e]*")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]{1,64}")
_ICE: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")
_FOUNDATION: Final = re.compile(r"[A-Za-z0-9+/]{1,32}")
_NUMBER: Final = re.compile(r"[0-9]{1,10}")
_CANDIDATE_FIELDS: Final = 8
_HIGHEST_PORT: Final = 65535
_HIGHEST_PRIORITY: Final = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place at which the peer may be reached over UDP, as an address, never as a name."""

    foundation: str
    priority: int
    address: str
    port: int
    kind: str

    @property
    def line(self) -> str:
        """What stands after `candidate:`."""
        more = "" if self.kind == "host" else " raddr 0.0.0.0 rport 9"
        return (
            f"{self.foundation} 1 udp {self.priority} {self.address} {self.port} "
            f"typ {self.kind}{more}"
        )


def lines_of(body: bytes) -> list[str]:
    """Split it.

    Raises:
        SdpError: It is too long, or holds what no description does.
    """
    if len(body) > MOST_BYTES:
        raise SdpError(f"the description is longer than {MOST_BYTES} bytes")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise SdpError("the description is no text") from None
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise SdpError("the description is empty")
    if len(lines) > _MOST_LINES:
        raise SdpError(f"the description has more than {_MOST_LINES} lines")
    for line in lines:
        if len(line) > _LONGEST_LINE or not _PRINTABLE.fullmatch(line):
            raise SdpError("a line of the description is too long, or holds odd characters")
    return lines


def token(value: str, what: str) -> str:
    """Return a name of the description; raises SdpError where it is none."""
    if not _TOKEN.fullmatch(value):
        raise SdpError(f"{what}: not as RFC 8866 has it")
    return value


def number(value: str, what: str, most: int) -> int:
    """Return a number from 0 to `most`; raises SdpError."""
    if not _NUMBER.fullmatch(value) or int(value) > most:
        raise SdpError(f"{what}: no number from 0 to {most}")
    return int(value)


def ice_word(value: str, what: str, least: int) -> str:
    """Return a user fragment or password of ICE; raises SdpError."""
    if not _ICE.fullmatch(value) or len(value) < least:
        raise SdpError(f"{what}: not as RFC 8839 has it")
    return value


def candidate_of(value: str) -> Candidate | None:
    """Return a candidate that can be used; None for those that are left out.

    Left out are names (`….local` would have us ask the network for them), TCP, and addresses that
    are nobody's: the peer's own checks tell where it is.

    Raises:
        SdpError: It is no candidate.
    """
    fields = value.split()
    if len(fields) < _CANDIDATE_FIELDS or fields[6] != "typ":
        raise SdpError("candidate: not as RFC 8839 has it")
    foundation, component, transport, priority, address, port, _, kind = fields[:8]
    if not _FOUNDATION.fullmatch(foundation):
        raise SdpError("candidate: not as RFC 8839 has it")
    parsed = Candidate(
        foundation,
        number(priority, "candidate: priority", (1 << 32) - 1),
        address,
        number(port, "candidate: port", _HIGHEST_PORT),
        kind,
    )
    if component != "1" or transport.lower() != "udp" or kind not in ("host", "srflx", "relay"):
        return None
    try:
        place = ip_address(address)
    except ValueError:
        return None
    nobodys = place.is_multicast or place.is_unspecified or place.is_reserved
    if nobodys or parsed.port == 0 or not 0 < parsed.priority <= _HIGHEST_PRIORITY:
        return None
    return Candidate(foundation, parsed.priority, str(place), parsed.port, kind)
