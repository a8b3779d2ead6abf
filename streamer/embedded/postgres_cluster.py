"""The embedded PostgreSQL's data folder: made once; used by `postgres_server.py`."""

import secrets
import shutil
from pathlib import Path

import structlog

from streamer.embedded import process
from streamer.embedded.binaries import PostgresBinaries, postgres_binaries
from streamer.embedded.secret_file import SecretFile
from streamer.errors import EmbeddedError

ROLE = "kirdi"
DATABASE = "kirdi"
_INITDB_TIMEOUT_S = 180.0
_SQL_TIMEOUT_S = 60.0

# What the role needs to let the log of a withdrawn template go: to begin a new file of it, to have
# the old ones removed, and to see that they are. Since version 15 that takes no superuser.
_RIGHTS_SINCE = 15
_RIGHTS = f"""\
GRANT pg_checkpoint TO {ROLE}
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {ROLE}
GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO {ROLE}
"""


class PostgresCluster:
    """The data folder with one role and one database. No server runs while a method does."""

    def __init__(self, folder: Path, password: SecretFile) -> None:
        self._folder = folder
        self._password = password
        self._log = structlog.get_logger()
        self._rights = folder / "rights"
        self.data = folder / "data"

    def binaries(self) -> PostgresBinaries:
        """The server the data folder was made by, else the newest.

        Raises:
            EmbeddedError: No server of the data folder's version is installed.
        """
        available = postgres_binaries()
        try:
            text = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return available[0]
        for binaries in available:
            if text == str(binaries.major):
                return binaries
        majors = ", ".join(str(binaries.major) for binaries in available)
        raise EmbeddedError(
            f"embedded PostgreSQL: {self.data} was made by version {text}, and version {majors} "
            f"is installed; install the requirements it was made with, dump the database and "
            f"load it into the new version, or set database.url"
        )

    def prepare(self, binaries: PostgresBinaries) -> None:
        """Make the data folder where there is none; give the role a password where it is lost.

        Raises:
            EmbeddedError: The server's programs fail; the message ends with their words.
        """
        if not (self.data / "PG_VERSION").exists():
            self._make_data(binaries)
        else:
            if self._password.read() is None:
                self._set_password(binaries)
            self._grant_rights(binaries)

    def _make_data(self, binaries: PostgresBinaries) -> None:
        """Make the data folder aside and rename it, so that a half-made one is never used."""
        for leftover in self._folder.glob("initdb-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if self.data.exists():
            raise EmbeddedError(
                f"embedded PostgreSQL: {self.data} is no data folder (PG_VERSION is missing); "
                "restore it from a backup, or move it away to begin anew"
            )
        fresh = self._folder / f"initdb-{secrets.token_hex(4)}"
        fresh.mkdir(mode=0o700)
        try:
            self._initdb(binaries, fresh)
            password = self._password.read() or SecretFile.generate()
            self._password.write(password)
            self._sql(
                binaries,
                fresh,
                f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'\n"
                f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n",
            )
            fresh.rename(self.data)
            self._rights.unlink(missing_ok=True)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        self._grant_rights(binaries)
        self._log.info("embedded database made", folder=str(self.data), version=binaries.major)

    def _initdb(self, binaries: PostgresBinaries, folder: Path) -> None:
        options = "--username=postgres --encoding=UTF8 --locale=C --auth=reject --data-checksums"
        launch = process.Launch(
            argv=(str(binaries.initdb), f"--pgdata={folder}", *options.split()),
            folder=folder,
            own=(folder,),
        )
        done = process.run(launch, timeout_s=_INITDB_TIMEOUT_S)
        if done.returncode != 0:
            raise EmbeddedError(
                f"embedded PostgreSQL: {self._folder} cannot be made "
                f"({process.telling_line(done.stderr)}); "
                "look for free disk space, or set database.url"
            )

    def _set_password(self, binaries: PostgresBinaries) -> None:
        password = SecretFile.generate()
        self._sql(binaries, self.data, f"ALTER ROLE {ROLE} PASSWORD '{password}'\n")
        self._password.write(password)
        self._log.warning("embedded database had lost its password file; it has a new one")

    def _grant_rights(self, binaries: PostgresBinaries) -> None:
        """Once; data folders made by earlier versions lack them."""
        if binaries.major < _RIGHTS_SINCE or self._rights.exists():
            return
        self._sql(binaries, self.data, _RIGHTS, DATABASE)
        self._rights.touch(mode=0o600)

    def _sql(
        self,
        binaries: PostgresBinaries,
        folder: Path,
        statements: str,
        database: str = "template1",
    ) -> None:
        """Run statements without a server, one a line. They never appear in an error."""
        launch = process.Launch(
            argv=(
                str(binaries.postgres),
                *("--single", "-D", str(folder), "-c", "exit_on_error=on"),
                *("-c", "dynamic_shared_memory_type=mmap", "-c", "shared_buffers=8MB"),
                *("-c", "log_min_error_statement=panic", "-c", "log_error_verbosity=terse"),
                database,
            ),
            folder=folder,
            own=(folder,),
        )
        done = process.run(launch, text=statements, timeout_s=_SQL_TIMEOUT_S)
        if done.returncode != 0:
            raise EmbeddedError(
                f"embedded PostgreSQL: {folder} cannot be prepared "
                f"({process.telling_line(done.stderr)}); "
                "look for free disk space, or set database.url"
            )
