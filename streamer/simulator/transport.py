"""The Transport header of SETUP (RFC 2326 section 12.39). Pure; used by `session`."""

import re
from dataclasses import dataclass
from typing import Literal

_PAIR = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Transport:
    """One way of delivery a client offers.

    `channels` is its wish for RTP and RTCP in the RTSP connection (tcp, else None), `ports` the
    two UDP ports it listens on (udp, else None).
    """

    protocol: Literal["tcp", "udp"]
    channels: tuple[int, int] | None = None
    ports: tuple[int, int] | None = None


def choose_transport(header: str) -> Transport | None:
    """The first offer that can be met: to play, over interleaved TCP or unicast UDP."""
    for offer in header.split(","):
        if (transport := _read_offer(offer)) is not None:
            return transport
    return None


def _read_offer(offer: str) -> Transport | None:
    specification, *parameters = [part.strip() for part in offer.split(";")]
    given = {name.lower(): value for name, _, value in (part.partition("=") for part in parameters)}
    if "multicast" in given or given.get("mode", "play").strip('"').upper() != "PLAY":
        return None
    match specification.upper():
        case "RTP/AVP/TCP":
            if "interleaved" not in given:
                return Transport("tcp", channels=(0, 1))
            channels = _pair(given["interleaved"], 0, 255)
            return None if channels is None else Transport("tcp", channels=channels)
        case "RTP/AVP" | "RTP/AVP/UDP":
            ports = _pair(given.get("client_port", ""), 1, 65535)
            return None if ports is None else Transport("udp", ports=ports)
        case _:
            return None


def _pair(text: str, lowest: int, highest: int) -> tuple[int, int] | None:
    found = _PAIR.fullmatch(text)
    if found is None:
        return None
    first = int(found[1])
    second = int(found[2]) if found[2] else first + 1
    if first == second or not all(lowest <= value <= highest for value in (first, second)):
        return None
    return first, second
