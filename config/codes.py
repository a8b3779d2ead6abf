"""The settings of one-time codes: where they are redeemed, how long they last, who guesses them."""

import re
from typing import Final

from pydantic import Field, field_validator

from config.section import Identifier, Section

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Codes(Section):
    """One-time codes and QR codes for those who check in without their face."""

    devices: dict[str, Identifier] = Field(
        default_factory=dict,
        description="device to the building it stands in: where codes may be redeemed, besides "
        "cameras of kind kiosk",
    )
    operators: dict[str, str] = Field(
        default_factory=dict,
        description="device to the account of who works at it, where somebody does; codes they "
        "issued are not taken there",
    )
    longest_days: int = Field(
        7, ge=0, le=60, description="an appointment's code is issued so many days ahead at most"
    )
    most_per_day: int = Field(
        10, ge=1, le=100, description="codes one patient is issued on a day, at most"
    )
    free_failures: int = Field(
        10, ge=1, le=100, description="wrong codes at a device before it has to wait"
    )
    longest_wait_s: int = Field(
        3600, ge=1, le=86400, description="it waits 1 s, then twice as long each time, up to this"
    )
    forgive_min: float = Field(
        30.0, gt=0, le=1440, description="one wrong code is forgotten after so long"
    )
    device_day: int = Field(
        30, ge=1, le=1000, description="wrong codes at a device on a day; then the desk must help"
    )
    site_day: int = Field(
        60,
        ge=1,
        le=10000,
        description="wrong codes on a day everywhere; beyond it, devices that had any wait sooner",
    )

    @field_validator("devices")
    @classmethod
    def _readable_names(cls, value: dict[str, Identifier]) -> dict[str, Identifier]:
        for device in value:
            if not _NAME.fullmatch(device):
                raise ValueError(f"{device!r}: name devices with a-z, 0-9, - and _, as desk-1")
        return value
