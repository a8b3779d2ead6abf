"""The settings of backups, and of the register that keeps a restored one from undoing erasures."""

from pathlib import Path

from pydantic import Field

from config.section import Section


class Backup(Section):
    """What `kirdi backup` works with."""

    register_copies: tuple[Path, ...] = Field(
        (),
        description="folders on other disks or machines, to which the register of erasures is "
        "copied with every withdrawal; a restore needs one that is newer than the backup",
    )
    tools: Path | None = Field(
        None,
        description="folder of pg_dump and pg_restore for a server of your own; null = from PATH",
    )
