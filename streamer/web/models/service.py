"""What the service is doing, and what an operator should know of it."""

from pydantic import Field

from streamer.web.models.base import Answer, Told
from streamer.web.models.state import Recognition


class Cameras(Answer):
    """How many there are, and how many of them send frames."""

    total: int
    streaming: int
    degraded: int
    disabled: int


class Service(Answer):
    """The running service."""

    site_id: str
    site_name: str
    time_zone: str = Field(description="an IANA name; decides what today is")
    buildings: list[str]
    version: str
    cameras: Cameras
    recognition: Recognition


class Notice(Told):
    """One thing to be known of the site."""
