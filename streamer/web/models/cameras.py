"""Cameras: as they are set, and what they do."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from streamer.domain.camera_report import CameraReport
from streamer.domain.camera_state import CameraStatus
from streamer.web.fields import Named
from streamer.web.models.base import Answer, Sent

Fraction = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
Address = Annotated[SecretStr, Field(min_length=1, max_length=2048)]


class Camera(Answer):
    """A camera. No address here holds a password."""

    camera_id: str
    enabled: bool
    status: CameraStatus
    reason: str = Field(description="why it is not streaming; empty while it streams")
    since: datetime
    source: Literal["settings", "added"] = Field(description="where it is defined")
    building: str
    entrance: str
    address: str
    view_address: str
    mode: str = Field(description="lane, lobby, desk or kiosk")
    lane: list[tuple[float, float]] | None
    analyse_fps: float
    decoded_fps: float
    analysed_fps: float
    dropped_fps: float
    restarts: int
    decoding: str
    remarks: list[str]


class CameraSettings(Sent):
    """What of a camera is set; what is left out stays as it is, or is the default.

    Files of the server can't be named here: use the settings file for those.
    """

    url: Address | None = Field(
        None, description="rtsp://user:password@host/path, or rtsps; never shown again"
    )
    view_url: Address | None = Field(None, description="the second stream, for people to look at")
    kind: Literal["lobby", "kiosk", "desk"] | None = None
    building: Named | None = None
    entrance: Named | None = None
    transport: Literal["tcp", "udp"] | None = None
    insecure_tls: bool | None = None
    analyse_fps: Annotated[float, Field(gt=0, le=30, allow_inf_nan=False)] | None = None
    lane: Annotated[list[tuple[Fraction, Fraction]], Field(min_length=3, max_length=64)] | None = (
        Field(None, description="polygon in fractions of the picture, from its upper left corner")
    )
    hwaccel: Literal["none", "auto", "cuda", "vaapi"] | None = None
    motion_gate: bool | None = None
    idle_after_s: Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False)] | None = None
    connect_timeout_s: Seconds | None = None
    stall_timeout_s: Seconds | None = None

    def values(self) -> dict[str, object]:
        """What was given, in the keys of the settings; passwords in clear."""
        given = self.model_dump(exclude_unset=True, exclude={"camera_id"})
        return {
            key: value.get_secret_value() if isinstance(value, SecretStr) else value
            for key, value in given.items()
            if value is not None or key in ("lane", "view_url")
        }


class NewCamera(CameraSettings):
    """A camera to add."""

    camera_id: Named = Field(examples=["lobby-2"])
    url: Address = Field(
        description="rtsp://user:password@host/path, or rtsps; never shown again",
        examples=["rtsp://viewer:secret@10.0.0.7/stream"],
    )


class CameraChanged(Answer):
    """What a change did; names of cameras."""

    added: list[str]
    changed: list[str]
    removed: list[str]
    warnings: list[str]


def camera_of(report: CameraReport) -> Camera:
    """Make the answer of what the service knows."""
    state = report.state
    return Camera(
        camera_id=state.camera_id,
        enabled=state.status is not CameraStatus.DISABLED,
        status=state.status,
        reason=state.reason,
        since=state.since,
        source="settings" if report.source == "settings" else "added",
        building=report.building,
        entrance=report.entrance,
        address=report.address,
        view_address=report.view_address,
        mode=report.mode,
        lane=None if report.lane is None else list(report.lane),
        analyse_fps=report.analyse_fps,
        decoded_fps=report.decoded_fps,
        analysed_fps=report.analysed_fps,
        dropped_fps=report.dropped_fps,
        restarts=state.restarts,
        decoding=state.decoding,
        remarks=list(state.remarks),
    )
