"""The settings of one camera."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from config.section import Fraction, Identifier, Section, checked_scheme, with_url_file

Point = tuple[Fraction, Fraction]


class Camera(Section):
    """One RTSP camera."""

    id: Identifier = Field(description="the name it has in the log and in every check-in")
    kind: Literal["lobby", "kiosk", "desk"] = Field(
        "lobby",
        description="lobby: who passes is searched for; kiosk: only QR codes held before it are "
        "read; desk: only compares with the patient whom reception has picked",
    )
    building: Identifier = Field("main", description="one of site.buildings")
    entrance: Identifier = Field("front", description="which of the building's entrances it sees")
    url: SecretStr = Field(description="rtsp://user:password@host/path, or rtsps")
    url_file: Path | None = Field(None, description="a file that holds the URL instead")
    view_url: SecretStr | None = Field(
        None,
        description="the camera's second, smaller stream, for people to look at; null = the first; "
        "connected to only while somebody looks; `kirdi cameras probe` says whether browsers can "
        "show it",
    )
    view_url_file: Path | None = Field(None, description="a file that holds view_url instead")
    enabled: bool = Field(True, description="false = not connected to, and shown as disabled")
    transport: Literal["tcp", "udp"] = Field("tcp", description="how the video travels")
    ca_file: Path | None = Field(
        None, description="rtsps: certificates (PEM) to trust; null = the system's authorities"
    )
    insecure_tls: bool = Field(
        False, description="rtsps: take any certificate, so anybody's; shown in the camera's status"
    )
    analyse_fps: float = Field(
        5.0, gt=0, le=30, description="frames a second that are looked at for faces"
    )
    lane: tuple[Point, ...] | None = Field(
        None,
        description="polygon of three points or more, x and y in fractions of the picture from its "
        "upper left corner; null = this camera sees nothing but the lane",
    )
    hwaccel: Literal["none", "auto", "cuda", "vaapi"] = Field(
        "none", description="hardware that decodes; where it cannot be had, software does"
    )
    motion_gate: bool = Field(
        True,
        description="look for faces only while something moves or a face is followed, and every "
        "three seconds anyway",
    )
    idle_after_s: float = Field(
        180.0,
        ge=0,
        description="with nobody moving for so long only keyframes are decoded, where they come "
        "every two seconds; 0 = never; needs motion_gate",
    )
    connect_timeout_s: float = Field(10.0, gt=0, description="for the first picture")
    stall_timeout_s: float = Field(10.0, gt=0, description="no frame for so long: start anew")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: object) -> object:
        return with_url_file(with_url_file(data), "view_url")

    @field_validator("url", "view_url")
    @classmethod
    def _rtsp_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        return checked_scheme(value, ("rtsp", "rtsps"))

    @property
    def urls(self) -> tuple[SecretStr, ...]:
        """Every address of the camera, each with whatever secrets it holds."""
        return (self.url,) if self.view_url is None else (self.url, self.view_url)

    @model_validator(mode="after")
    def _certificates(self) -> Self:
        if self.ca_file is None and not self.insecure_tls:
            return self
        if not self.url.get_secret_value().lower().startswith("rtsps:"):
            raise ValueError("ca_file and insecure_tls are for rtsps:// only; correct the URL")
        if self.ca_file is not None and self.insecure_tls:
            raise ValueError("ca_file is of no use with insecure_tls; remove one of them")
        if self.ca_file is not None and not self.ca_file.is_file():
            raise ValueError(f"ca_file {self.ca_file} is no file; give one with certificates (PEM)")
        return self

    @field_validator("lane")
    @classmethod
    def _polygon(cls, value: tuple[Point, ...] | None) -> tuple[Point, ...] | None:
        if value is not None and len(value) < 3:
            raise ValueError("a lane is a polygon of three points or more, in fractions")
        return value
