"""The settings in force."""

from typing import Any, Literal

from pydantic import Field

from streamer.web.models.base import Answer


class Setting(Answer):
    """One key. They are changed in the settings file."""

    key: str = Field(examples=["match.accept_fpir", "cameras[lobby-1].analyse_fps"])
    value: Any = Field(description="null for whatever is secret")
    secret: bool = Field(description="its value is not told")
    given: bool = Field(description="it has a value; of secrets, nothing more is told")
    source: Literal["default", "file", "environment", "added"] = Field(
        description="added = a camera that was added while the service ran"
    )
    description: str
