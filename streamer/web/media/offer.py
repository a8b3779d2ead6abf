"""A viewer's SDP offer: what of it is used, as aiortc and the viewer are to read it. Pure.

aiortc is never given what a stranger wrote: it gets a description made anew, of values that were
checked one by one, with the one video that is sent. Everything else in the offer is declined.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from streamer.web.media.lines import (
    MOST_CANDIDATES,
    Candidate,
    candidate_of,
    ice_word,
    lines_of,
    number,
    token,
)
from streamer.web.media.refusal import SdpError

_MOST_SECTIONS: Final = 8
_MOST_CODECS: Final = 128
_LEAST_UFRAG, _LEAST_PWD = 4, 22
_MEDIA: Final = re.compile(r"m=([a-z]{1,16}) ([0-9]{1,5}) ([A-Za-z/]{1,32}) ([\x21-\x7e ]{1,600})")
_PROTOCOLS: Final = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF")
_SHA_256: Final = re.compile(r"[Ss][Hh][Aa]-256 ((?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})")
_SETUPS: Final = ("actpass", "active", "passive")
_PROFILE: Final = re.compile(r"[0-9a-fA-F]{6}")
_BASELINE: Final = "42e01f"
_EXTENSIONS: Final = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
}
_MOST_EXTENSION: Final = 14
"""Of one byte's headers (RFC 8285)."""


@dataclass(slots=True)
class _Section:
    """One `m=` of the offer, or what stands before the first (`kind` empty)."""

    kind: str
    port: int = 0
    protocol: str = ""
    formats: str = ""
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def first(self, name: str) -> str | None:
        return next((value for key, value in self.attributes if key == name), None)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.attributes)

    @property
    def mid(self) -> str | None:
        return self.first("mid")


@dataclass(frozen=True, slots=True)
class _Codec:
    """H.264 as this viewer takes it, and how it calls it."""

    payload: int
    profile: str
    retransmission: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a viewer offers.

    Attributes:
        ufrag: Of ICE; a fragment that comes later belongs to it.
        candidates: Where the viewer may be reached, as far as it has told.
    """

    ufrag: str
    candidates: tuple[Candidate, ...]
    _password: str = field(repr=False)
    _fingerprint: str
    _setup: str
    _codec: _Codec
    _extensions: tuple[tuple[int, str], ...]
    _sections: tuple[tuple[str, str, str, str], ...]
    _chosen: int

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read an offer.

        Args:
            body: SDP, as it was sent.

        Raises:
            SdpError: It can't be answered; says what is wrong.
        """
        session, sections = _split(lines_of(body))
        chosen = _video(sections)
        video = sections[chosen]
        # What holds for all is said before the sections, or in the first of a bundle.
        places = (video, session, *sections)
        ufrag = _somewhere(places, "ice-ufrag")
        password = _somewhere(places, "ice-pwd")
        fingerprint = _SHA_256.fullmatch(_somewhere(places, "fingerprint", "sha-256"))
        if fingerprint is None:
            raise SdpError("fingerprint: one of SHA-256 is needed")
        setup = _somewhere(places, "setup")
        if setup not in _SETUPS:
            raise SdpError("setup: must be actpass, active or passive")
        return cls(
            ufrag=ice_word(ufrag, "ice-ufrag", _LEAST_UFRAG),
            candidates=_candidates(video.all("candidate")),
            _password=ice_word(password, "ice-pwd", _LEAST_PWD),
            _fingerprint=fingerprint[1].upper(),
            _setup=setup,
            _codec=_h264(video),
            _extensions=_extensions(video),
            _sections=tuple(
                (
                    one.kind,
                    one.protocol,
                    one.formats.split()[0],
                    token(one.mid or str(index), "mid"),
                )
                for index, one in enumerate(sections)
            ),
            _chosen=chosen,
        )

    @property
    def for_aiortc(self) -> str:
        """The offer made anew."""
        mid, codec = self._sections[self._chosen][3], self._codec
        payloads = [codec.payload, *((codec.retransmission,) if codec.retransmission else ())]
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            f"a=group:BUNDLE {mid}",
            f"m=video 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, payloads))}",
            "c=IN IP4 0.0.0.0",
            "a=recvonly",
            f"a=mid:{mid}",
            "a=rtcp-mux",
            *(f"a=extmap:{number} {uri}" for number, uri in self._extensions),
            f"a=rtpmap:{codec.payload} H264/90000",
            f"a=rtcp-fb:{codec.payload} nack",
            f"a=rtcp-fb:{codec.payload} nack pli",
            f"a=fmtp:{codec.payload} {_parameters(_BASELINE)}",
        ]
        if codec.retransmission is not None:
            lines += [
                f"a=rtpmap:{codec.retransmission} rtx/90000",
                f"a=fmtp:{codec.retransmission} apt={codec.payload}",
            ]
        lines += [
            *(f"a=candidate:{one.line}" for one in self.candidates),
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self._password}",
            f"a=fingerprint:sha-256 {self._fingerprint}",
            f"a=setup:{self._setup}",
        ]
        return "\r\n".join(lines) + "\r\n"

    def answer(self, of_aiortc: str) -> str:
        """The answer to what was offered.

        Args:
            of_aiortc: Its answer to `for_aiortc`.
        """
        head, _, video = of_aiortc.partition("m=video ")
        mid, codec = self._sections[self._chosen][3], self._codec
        video = re.sub(
            rf"a=fmtp:{codec.payload} [^\r\n]*",
            f"a=fmtp:{codec.payload} {_parameters(codec.profile)}",
            video,
        )
        head = re.sub(r"a=group:BUNDLE[^\r\n]*", f"a=group:BUNDLE {mid}", head)
        parts = [head]
        for index, (kind, protocol, first, name) in enumerate(self._sections):
            if index == self._chosen:
                parts.append(f"m=video {video}")
                continue
            declined = (f"m={kind} 0 {protocol} {first}", "c=IN IP4 0.0.0.0", "a=inactive")
            parts.append("\r\n".join((*declined, f"a=mid:{name}", "")))
        return "".join(parts)


def _parameters(profile: str) -> str:
    return f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}"


def _split(lines: Sequence[str]) -> tuple[_Section, list[_Section]]:
    if lines[0] != "v=0":
        raise SdpError("the description does not begin with v=0")
    session, sections = _Section(""), list[_Section]()
    current = session
    for line in lines[1:]:
        if line.startswith("m="):
            found = _MEDIA.fullmatch(line)
            if found is None:
                raise SdpError("m=: not as RFC 8866 has it")
            port = number(found[2], "m=: port", 65535)
            current = _Section(found[1], port, found[3], found[4])
            sections.append(current)
            if len(sections) > _MOST_SECTIONS:
                raise SdpError(f"more than {_MOST_SECTIONS} media are offered")
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            current.attributes.append((name, value.strip()))
        elif len(line) < 2 or line[1] != "=":
            raise SdpError("a line of the description is none")
    return session, sections


def _video(sections: Sequence[_Section]) -> int:
    """Which section is answered: the first video that may be sent."""
    for index, one in enumerate(sections):
        refused = one.port == 0 and not one.has("bundle-only")
        sends_only = one.has("sendonly") or one.has("inactive")
        if one.kind == "video" and not refused and not sends_only:
            if one.protocol not in _PROTOCOLS:
                raise SdpError("m=video: offer it as UDP/TLS/RTP/SAVPF")
            return index
    raise SdpError("no video that can be received is offered (m=video, recvonly)")


def _somewhere(places: Sequence[_Section], name: str, begins: str = "") -> str:
    for one in places:
        for value in one.all(name):
            if value.lower().startswith(begins):
                return value
    raise SdpError(f"{name} is missing")


def _candidates(values: Sequence[str]) -> tuple[Candidate, ...]:
    if len(values) > MOST_CANDIDATES:
        raise SdpError(f"more than {MOST_CANDIDATES} candidates")
    found = (candidate_of(value) for value in values)
    return tuple(one for one in found if one is not None)


def _extensions(video: _Section) -> tuple[tuple[int, str], ...]:
    found = []
    for value in video.all("extmap"):
        name, _, uri = value.partition(" ")
        if uri in _EXTENSIONS and name.isdecimal() and 0 < int(name) <= _MOST_EXTENSION:
            found.append((int(name), uri))
    return tuple(found[: len(_EXTENSIONS)])


def _h264(video: _Section) -> _Codec:
    """The H.264 to send as: Constrained Baseline first, since every browser has that."""
    formats = video.formats.split()
    if len(formats) > _MOST_CODECS:
        raise SdpError("too many codecs are offered")
    # As a payload type of RTP beside RTCP (RFC 5761).
    numbers = {number(one, "m=video: payload type", 127) for one in formats}
    names, parameters = dict[int, str](), dict[int, dict[str, str]]()
    for value in video.all("rtpmap"):
        written, _, name = value.partition(" ")
        names[number(written, "rtpmap", 127)] = name.lower()
    for value in video.all("fmtp"):
        written, _, text = value.partition(" ")
        pairs = (pair.strip().partition("=") for pair in text.split(";"))
        parameters[number(written, "fmtp", 127)] = {key.lower(): one for key, _, one in pairs}
    found: list[tuple[int, int, str]] = []
    for payload, name in names.items():
        if name != "h264/90000" or payload not in numbers:
            continue
        given = parameters.get(payload, {})
        mode, profile = given.get("packetization-mode"), given.get("profile-level-id", _BASELINE)
        # Who says nothing (GStreamer) takes all the same what packetization mode 1 sends.
        if mode not in (None, "1") or not _PROFILE.fullmatch(profile):
            continue
        rank = (mode is None) * 2 + (not profile.lower().startswith("42e0"))
        found.append((rank, payload, profile))
    if not found:
        raise SdpError("H.264 with packetization-mode=1 is not offered; nothing else is sent")
    _, payload, profile = min(found)
    again = [
        one
        for one, given in parameters.items()
        if names.get(one) == "rtx/90000" and given.get("apt") == str(payload) and one in numbers
    ]
    return _Codec(payload, profile, again[0] if again else None)
