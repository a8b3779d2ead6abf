"""The settings of live viewing: how many may look, for how long, and how they are reached."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from config.section import Section, with_url_file

_SERVER = re.compile(r"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?(\?transport=(udp|tcp))?")


class Live(Section):
    """Cameras in the browser, over WebRTC."""

    viewers: int = Field(
        64, ge=0, le=512, description="pictures that are watched at once, in all; 0 = nobody looks"
    )
    viewers_per_camera: int = Field(32, ge=1, le=256, description="of one camera")
    viewers_per_account: int = Field(
        16, ge=1, le=256, description="by one account, whatever the number of its windows"
    )
    longest_min: float = Field(
        240.0, gt=0, le=1440, description="after so long a viewer has to ask anew"
    )
    silent_s: float = Field(
        15.0, ge=5, le=300, description="a viewer of whom nothing is heard for so long is let go"
    )
    addresses: tuple[str, ...] = Field(
        (),
        description="this machine's addresses at which viewers reach it over UDP; empty = all it "
        "has but the loopback",
    )
    stun: str | None = Field(
        None, description="a STUN server, as stun:host:3478, which learns who looks; null = none"
    )
    turn: str | None = Field(
        None, description="a TURN server, as turn:host:3478 or turns:host:5349; null = none"
    )
    turn_user: str = Field("", description="who this installation is to the TURN server")
    turn_password: SecretStr | None = Field(None, description="and its password there")
    turn_password_file: Path | None = Field(None, description="a file that holds it instead")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: object) -> object:
        return with_url_file(data, "turn_password")

    @field_validator("addresses")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(str(ip_address(one)) for one in value)
        if any(ip_address(one).is_unspecified for one in found):
            raise ValueError("name the addresses themselves; empty means all of them")
        return found

    @field_validator("stun")
    @classmethod
    def _stun(cls, value: str | None) -> str | None:
        return _server(value, ("stun",))

    @field_validator("turn")
    @classmethod
    def _turn(cls, value: str | None) -> str | None:
        return _server(value, ("turn", "turns"))

    @model_validator(mode="after")
    def _credentials(self) -> Self:
        if self.turn is not None and (not self.turn_user or self.turn_password is None):
            raise ValueError("a TURN server wants turn_user and turn_password")
        return self


def _server(value: str | None, schemes: tuple[str, ...]) -> str | None:
    if value is None:
        return None
    scheme, _, rest = value.partition(":")
    if scheme not in schemes or not _SERVER.fullmatch(rest):
        raise ValueError(f"write it as {schemes[0]}:host:port")
    return value
