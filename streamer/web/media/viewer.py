"""Somebody who looks at a camera. Kept by `live_views`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from streamer.domain.camera_state import CameraState
from streamer.web.media.feeds import Feed
from streamer.web.media.view import View
from streamer.web.principal import Via

if TYPE_CHECKING:
    from streamer.web.media.peer import Peer


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody showed to be let in; asked again while they look.

    Attributes:
        secret: A session's or a token's.
    """

    secret: str = field(repr=False)
    via: Via


@dataclass(slots=True, eq=False)
class Viewer:
    """One connection; in memory only.

    Attributes:
        viewer_id: What its address ends in; nobody can guess it.
        account: Who looks.
        shown: By what they were let in.
        opened_at: UTC.
        since: The same moment, monotonic seconds.
        ufrag: Of the viewer's ICE.
        heard: Packets that had come from it by `heard_at`.
    """

    viewer_id: str
    account: str
    shown: Shown
    camera_id: str
    view: View
    opened_at: datetime
    since: float
    ufrag: str = ""
    feed: Feed | None = None
    peer: "Peer | None" = None
    on_record: bool = False
    heard: int = 0
    heard_at: float = 0.0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What a viewer is answered.

    Attributes:
        sdp: The answer.
        ice_servers: For the Link headers (RFC 8288): address, user, password.
    """

    viewer_id: str
    etag: str
    sdp: str
    ice_servers: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Watched:
    """A viewer as its page asks about it.

    Attributes:
        rtp_timestamp: An RTP time of its video, and
        captured_at: when a picture with that time was captured (UTC); both None until something
            was sent.
        dropped: Packets it has lost because it did not take them in time.
        reason: Why its camera shows nothing, or not well; empty while it does.
        camera: What its camera is doing, and since when; None where there is none any more.
    """

    viewer_id: str
    camera_id: str
    view: View
    opened_at: datetime
    rtp_timestamp: int | None
    captured_at: datetime | None
    dropped: int
    reason: str
    camera: CameraState | None = None
