"""What the service is doing, and what an operator should know of it."""

from streamer.web.models.base import Answer


class Cameras(Answer):
    """How many there are, and how many of them send frames."""

    total: int
    streaming: int
    degraded: int
    disabled: int


class Service(Answer):
    """The running service."""

    site_id: str
    version: str
    cameras: Cameras


class Notice(Answer):
    """One thing to be known."""

    text: str
