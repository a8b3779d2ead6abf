"""A camera that is looked at once, before it is added or changed."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from streamer.web.fields import Named
from streamer.web.models.base import Answer, Sent
from streamer.web.models.cameras import Address, Seconds


class Picture(StrEnum):
    """How much of a tested camera's picture somebody is shown."""

    NONE = "none"
    COVERED = "covered"
    CLEAR = "clear"


class CameraToTest(Sent):
    """What is to be looked at; nothing of it is saved."""

    camera_id: Named = Field(description="what it is called, or will be", examples=["lobby-2"])
    url: Address | None = Field(
        None,
        description="rtsp://user:password@host/path, or rtsps; without it a camera that there is "
        "is looked at as it is set",
    )
    view_url: Address | None = Field(
        None, description="its second stream, for people to look at; only together with url"
    )
    transport: Literal["tcp", "udp"] = "tcp"
    insecure_tls: bool = False
    connect_timeout_s: Seconds = 10.0


class StreamSeen(Answer):
    """One of its streams, as it was for some seconds."""

    codec: str
    width: int
    height: int
    fps: float | None
    keyframes_s: float | None = Field(description="from one whole picture to the next")
    bit_rate: int | None
    first_picture_s: float = Field(description="from connecting to the first picture")


class CameraTested(Answer):
    """What was seen. The picture is in memory only, here and there."""

    faces: StreamSeen = Field(description="the stream in which faces are looked for")
    viewing: StreamSeen | None = Field(description="the second one, if one was named")
    browsers_can_show: bool = Field(description="as it is; else it is encoded anew")
    remarks: list[str]
    snapshot: str | None = Field(
        description="JPEG in base64, 1280 pixels wide at most; null: looking at cameras "
        "(`cameras:view`), or at this one, is not for you"
    )
    covered: bool = Field(description="faces in it are covered: you see cameras blurred")
