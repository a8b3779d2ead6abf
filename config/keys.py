"""The settings of the key-encryption key: where it comes from."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from config.section import Section


class Keys(Section):
    """Where the key-encryption key comes from; it is never in these settings itself."""

    source: Literal["file", "environment", "command"] = Field(
        "file",
        description="file: a file of 32 bytes; environment: a secret of the service; "
        "command: what a vault's client prints",
    )
    file: Path | None = Field(
        None, description="the key file; null = `keys/kek` in the home folder, made at first use"
    )
    environment: str = Field(
        "KIRDI_KEY",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$",
        description="the variable with the key in base64, or the name of a systemd credential",
    )
    command: tuple[str, ...] = Field(
        (),
        description="program, by its whole path, and arguments; run without a shell, it prints "
        "the key in base64; nothing secret may stand here",
    )
    command_timeout_s: float = Field(10.0, gt=0, le=120, description="for its answer")
    next_file: Path | None = Field(
        None,
        description="where the new key is during a rotation; null = the key file's name and "
        "`.next`, in `keys/` of the home folder",
    )
    next_environment: str | None = Field(
        None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$",
        description="instead of `next_file`: a variable or credential",
    )
    next_command: tuple[str, ...] = Field((), description="instead of `next_file`: a command")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if (self.source == "command") != bool(self.command):
            raise ValueError("source: command and command belong together; give both or none")
        if self.file is not None and self.source != "file":
            raise ValueError("file is for source: file; remove one of them")
        for command in (self.command, self.next_command):
            if command and not Path(command[0]).is_absolute():
                raise ValueError("a command's program needs its whole path, as /usr/bin/vault")
        given = (self.next_file, self.next_environment, self.next_command or None)
        if sum(one is not None for one in given) > 1:
            raise ValueError("give one of next_file, next_environment and next_command")
        if self.next_environment == self.environment and self.source == "environment":
            raise ValueError("next_environment must be another one than environment")
        return self
