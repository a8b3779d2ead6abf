"""Faults of the answers: where they send the client, what they say, how slowly they come."""

import random
import re
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from streamer.simulator.faults.fault import Fault
from streamer.simulator.rtsp import Request, Response
from streamer.simulator.session_register import SessionRegister

_ADDRESS = re.compile(r"rtsps?://[\x21-\x7e]+")
_NOISE_BYTES = 2000
_HUGE_LINES = 20_000
_TEXT = (("Content-Type", "application/sdp"),)


@dataclass(frozen=True, slots=True)
class Redirect(Fault):
    """The request `at` (DESCRIBE, SETUP or PLAY) is answered with `status` and Location `to`."""

    name: ClassVar[str] = "redirect"
    to: str
    at: Literal["DESCRIBE", "SETUP", "PLAY"] = "DESCRIBE"
    status: Literal[301, 302, 303, 305] = 302

    def __post_init__(self) -> None:
        if _ADDRESS.fullmatch(self.to) is None:
            raise ValueError("not an address; write rtsp://HOST:PORT/PATH")

    def before(self, request: Request, sessions: SessionRegister) -> Response | None:  # noqa: ARG002 - see Fault
        """See `Fault`."""
        return (
            Response(self.status, (("Location", self.to),)) if request.method == self.at else None
        )


@dataclass(frozen=True, slots=True)
class GarbageSdp(Fault):
    """DESCRIBE is answered 200 with a useless description.

    `kind`: noise (random bytes), empty, cut (its first half), no-video (audio only), unknown (a
    codec nobody knows), or huge (a megabyte of attributes).
    """

    name: ClassVar[str] = "garbage-sdp"
    kind: Literal["noise", "empty", "cut", "no-video", "unknown", "huge"] = "noise"
    seed: int = 1

    def after(self, request: Request, response: Response) -> Response:
        """See `Fault`."""
        if request.method != "DESCRIBE" or response.status != 200:
            return response
        return replace(
            response, headers=response.headers or _TEXT, body=self._spoilt(response.body)
        )

    def _spoilt(self, body: bytes) -> bytes:
        match self.kind:
            case "noise":
                return random.Random(self.seed).randbytes(_NOISE_BYTES)  # noqa: S311 - noise
            case "empty":
                return b""
            case "cut":
                return body[: len(body) // 2]
            case "no-video":
                audio = b"m=audio 0 RTP/AVP 0\r\na=control:trackID=0\r\n"
                return body[: body.index(b"m=video")] + audio
            case "unknown":
                return re.sub(rb"a=rtpmap:.*|a=fmtp:.*", b"a=rtpmap:96 WOLPERTINGER/90000", body)
            case "huge":
                return (
                    body + b"a=x-nothing:0123456789012345678901234567890123456789\r\n" * _HUGE_LINES
                )


@dataclass(frozen=True, slots=True)
class SlowAnswer(Fault):
    """Every answer comes `seconds` late; with a large number none ever comes."""

    name: ClassVar[str] = "slow-answer"
    seconds: float = 5.0

    @property
    def answer_delay_s(self) -> float:
        """See `Fault`."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Trickle(Fault):
    """Answers up to that to PLAY come byte by byte, `seconds` apart: no single read times out."""

    name: ClassVar[str] = "trickle"
    seconds: float = 0.5

    @property
    def answer_gap_s(self) -> float:
        """See `Fault`."""
        return self.seconds
