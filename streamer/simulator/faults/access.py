"""Faults of getting in: the port, the password, the number of sessions."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from streamer.simulator.auth import Authenticator
from streamer.simulator.faults.fault import Fault
from streamer.simulator.rtsp import Request, Response
from streamer.simulator.session_register import SessionRegister


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """The port is closed and everybody connected is cut off, as while a camera reboots."""

    name: ClassVar[str] = "refuse"
    closes_port: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class WrongPassword(Fault):
    """Every request but OPTIONS is answered 401, whatever name and password it brings."""

    name: ClassVar[str] = "wrong-password"

    def before(self, request: Request, sessions: SessionRegister) -> Response | None:  # noqa: ARG002 - see Fault
        """See `Fault`."""
        if request.method == "OPTIONS":
            return None
        challenges = Authenticator(None).challenges(stale=False)
        return Response(401, tuple(("WWW-Authenticate", value) for value in challenges))


@dataclass(frozen=True, slots=True)
class SessionLimit(Fault):
    """There are `most` sessions at once; a further SETUP is refused with `status`.

    A session whose client vanished without TEARDOWN still counts for `linger` seconds.
    """

    name: ClassVar[str] = "session-limit"
    most: int = 1
    linger: float = 60.0
    status: Literal[453, 503] = 453

    def before(self, request: Request, sessions: SessionRegister) -> Response | None:
        """See `Fault`."""
        is_new = request.method == "SETUP" and request.header("session") is None
        return (
            Response(self.status) if is_new and sessions.count(self.linger) >= self.most else None
        )
