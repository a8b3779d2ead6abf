"""What goes over the control socket: one JSON line there, one back.

The models are checked at both ends: an older command and a newer service must not misunderstand
each other.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from streamer.domain.cache_report import CacheReport
from streamer.domain.camera_report import CameraReport
from streamer.domain.desk_report import DeskReport
from streamer.domain.review_report import ArrivalReport, PresenceReport, ReviewReport
from streamer.domain.view_test import ViewTest
from streamer.errors import KirdiError

MAX_REQUEST_BYTES: Final = 64 * 1024
MAX_REPLY_BYTES: Final = 4 * 1024 * 1024


class Verb(StrEnum):
    """What is wanted of the service."""

    STATUS = "status"
    HEALTH = "health"
    ADD = "add"
    REMOVE = "remove"
    ENABLE = "enable"
    DISABLE = "disable"
    RELOAD = "reload"
    REVIEWS = "reviews"
    CONFIRM = "confirm"
    REJECT = "reject"
    VIEW_TEST = "view_test"
    ACCEPT_VIEW = "accept_view"
    COMPARE = "compare"
    CHANGE = "change"


ENDS_WITH_WHO_ASKS: Final = frozenset({Verb.COMPARE})
"""Whoever hangs up before the answer no longer wants it: what is being done for them ends."""


@dataclass(frozen=True, slots=True)
class Request:
    """A command.

    Attributes:
        camera_id: Which camera; empty where none is meant.
        values: Of the camera to add or change, by the keys of the settings, as YAML. Holds its
            password.
        review_id: Which review, or how its id begins.
        patient_ref: Which of its candidates is confirmed, empty where there is only one; or whom
            reception has picked, for `compare`.
        seconds: For so long `view_test` looks.
        by: On whose behalf; empty = of whoever asks.
        version: Of the camera as whoever changes it has seen it; empty = whatever it is.
    """

    # A newer command may ask for what this service has never heard of.
    __pydantic_config__ = ConfigDict(extra="forbid")

    verb: Verb
    camera_id: str = ""
    values: str = field(default="", repr=False)
    review_id: str = ""
    patient_ref: str = ""
    seconds: float = 0.0
    by: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it.

    Attributes:
        exit_code: 0, or that of the error; see docs/exit-codes.md.
        error: One line; empty where there is none.
        cameras: All cameras, for `status`.
        added: Ids of cameras that were started.
        changed: Ids of cameras that were started anew, switched on or off.
        removed: Ids of cameras that are gone.
        needs_restart: Changed keys of the settings that a running service cannot take over.
        view_test: Its outcome.
        warnings: What was done and may surprise, or still stands against the settings; a line each.
        reviews: All that wait, for `reviews`.
        arrivals: What a confirmation did, and the `presences` it has kept.
        desk: What came of a comparison.
        cache: How Redis fares, for `health`.
    """

    exit_code: int = 0
    error: str = ""
    cameras: tuple[CameraReport, ...] = ()
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    reviews: tuple[ReviewReport, ...] = ()
    arrivals: tuple[ArrivalReport, ...] = ()
    presences: tuple[PresenceReport, ...] = ()
    view_test: ViewTest | None = None
    desk: DeskReport | None = None
    cache: CacheReport | None = None


Message = TypeVar("Message")

_request: Final = TypeAdapter(Request)
_reply: Final = TypeAdapter(Reply)


def pack(message: Request | Reply) -> bytes:
    """One line."""
    if isinstance(message, Request):
        return _request.dump_json(message) + b"\n"
    return _reply.dump_json(message) + b"\n"


def parse_request(line: bytes) -> Request:
    """Read a command; raises KirdiError."""
    return _parse(_request, line)


def parse_reply(line: bytes) -> Reply:
    """Read an answer; raises KirdiError."""
    return _parse(_reply, line)


def _parse(adapter: TypeAdapter[Message], line: bytes) -> Message:
    try:
        return adapter.validate_json(line)
    except ValidationError:
        raise KirdiError(
            "service: it and this command do not understand each other; "
            "start the service again after an update"
        ) from None
