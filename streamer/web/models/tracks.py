"""Who is followed in a camera's pictures, as a stream of events."""

from datetime import datetime

from pydantic import Field

from streamer.domain.followed import TrackState
from streamer.web.models.base import Answer


class TrackShown(Answer):
    """One face of a picture."""

    track: int = Field(description="counts per camera; the same person as long as it is the same")
    box: tuple[float, float, float, float] = Field(
        description="left, top, right, bottom in fractions of the picture"
    )
    state: TrackState | None = Field(description="null beside the blurred picture")
    name: str | None = Field(description="of who has arrived, if names were asked for")


class TracksShown(Answer):
    """What was found in one analysed picture; the data of each `faces` event."""

    captured_at: datetime
    faces: list[TrackShown]
