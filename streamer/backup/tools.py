"""Runs pg_dump and pg_restore: the embedded server's, or those installed for a server of one's own.

Used by `creating` and `restoring`. The password travels in the environment, on no command line.
"""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from config.settings import Settings
from streamer.embedded.binaries import postgres_binaries
from streamer.embedded.process import telling_line
from streamer.errors import BackupError
from streamer.storage.database_role import DatabaseRole

# What pg_dump reports of a fault is a line or two; a restore may repeat one for every row.
_MOST_BYTES: Final = 1 << 16
_SECRET_PARAMETERS: Final = ("password", "sslpassword", "passfile")


@dataclass(frozen=True, slots=True)
class PostgresTools:
    """Where the two programs are, and the database they are for.

    Attributes:
        folder: None = they are looked for in PATH.
        url: Logs in as the owner; it holds a password.
    """

    folder: Path | None
    url: str = field(repr=False)

    @classmethod
    def of(cls, settings: Settings, home: Path, url: str) -> "PostgresTools":
        """Those that fit the server: an older pg_dump refuses a newer one. Blocks for a moment.

        Raises:
            EmbeddedError: The embedded ones are not installed.
        """
        if settings.database.url is not None:
            return cls(settings.backup.tools, url)
        made_by = (home / "embedded" / "postgres" / "data" / "PG_VERSION").read_text().strip()
        for binaries in postgres_binaries():
            if str(binaries.major) == made_by:
                return cls(binaries.folder, url)
        return cls(settings.backup.tools, url)

    async def dump(self, file: Path, site_id: str) -> None:
        """Write one site's rows, and what belongs to no site, into a file.

        Raises:
            BackupError: It cannot be done; the file may be there in part.
        """
        # Tables show the site's rows only, to their owner, too (docs/design/0020).
        await self._run(
            "pg_dump",
            *("--format=custom", "--no-owner", "--enable-row-security", f"--file={file}"),
            site_id=site_id,
        )

    async def restore(self, file: Path, site_id: str) -> None:
        """Load a dump into an empty database: all of it or nothing.

        Raises:
            BackupError: It cannot be done; nothing was written.
        """
        with tempfile.TemporaryDirectory(prefix="kirdi-") as folder:
            wanted = Path(folder) / "list"
            await asyncio.to_thread(wanted.write_text, await self._wanted_of(file))
            await self._run(
                "pg_restore",
                *("--single-transaction", "--exit-on-error", "--no-owner"),
                f"--use-list={wanted}",
                str(file),
                site_id=site_id,
            )

    async def _wanted_of(self, file: Path) -> str:
        """What is in a dump but the rights to the server's own functions, which are a superuser's.

        Raises:
            BackupError: The dump cannot be read.
        """
        process = await asyncio.create_subprocess_exec(
            self._path("pg_restore"),
            "--list",
            str(file),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        listed, _ = await process.communicate()
        if process.returncode != 0:
            raise BackupError(
                f"pg_restore: cannot read {file}; look at the program's version: the backup was "
                "made by a newer one, perhaps"
            )
        lines = listed.decode(errors="replace").splitlines(keepends=True)
        return "".join(line for line in lines if " ACL pg_catalog " not in line)

    async def _run(self, program: str, *arguments: str, site_id: str) -> None:
        path = self._path(program)
        bare, secret = _without_password(self.url)
        process = await asyncio.create_subprocess_exec(
            path,
            f"--dbname={bare}",
            f"--role={DatabaseRole.OWNER}",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={
                "PATH": os.environ.get("PATH", ""),
                "LC_ALL": "C",
                "PGCONNECT_TIMEOUT": "10",
                "PGOPTIONS": f"-c kirdi.site={site_id}",
                **secret,
            },
            start_new_session=True,
        )
        try:
            assert process.stderr is not None
            words = b""
            while piece := await process.stderr.read(4096):
                words = (words + piece)[-_MOST_BYTES:]
            code = await process.wait()
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if code != 0:
            line = _telling(words.decode(errors="replace").splitlines())
            raise BackupError(
                f"{program}: {line}; look at free disk space, and for a server of your own at the "
                "program's version and the role's rights"
            )

    def _path(self, program: str) -> str:
        found = shutil.which(program, path=str(self.folder) if self.folder else None)
        if found is None:
            raise BackupError(
                f"{program}: is not installed; install the PostgreSQL client programs of the "
                "server's version, and name their folder by backup.tools"
            )
        return found


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL that may be seen, and the environment that holds the rest."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    given = {name: value for name, value in query if name in _SECRET_PARAMETERS}
    password = unquote(parts.password) if parts.password else given.get("password")
    user, _, host = parts.netloc.rpartition("@")
    place = f"{user.partition(':')[0]}@{host}" if user else host
    rest = [(name, value) for name, value in query if name not in _SECRET_PARAMETERS]
    bare = urlunsplit(parts._replace(netloc=place, query=urlencode(rest, safe="/")))
    secret = {"PGPASSWORD": password} if password else {}
    if "passfile" in given:
        secret["PGPASSFILE"] = given["passfile"]
    return bare, secret


def _telling(lines: Sequence[str]) -> str:
    """The first fault: what follows may repeat a row's content."""
    for line in lines:
        if "error:" in line:
            return line.partition("error:")[2].strip()[:300]
    return telling_line("\n".join(lines)) or "ended without a word"
