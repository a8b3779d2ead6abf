"""The embedded PostgreSQL's data folder: made once; used by `postgres_server.py`."""

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

import structlog

from streamer.embedded import process
from streamer.embedded.binaries import PostgresBinaries, postgres_binaries
from streamer.embedded.secret_file import SecretFile
from streamer.errors import EmbeddedError
from streamer.storage.database_role import DatabaseRole

ROLE = "kirdi"
"""Who migrates; belongs to `kirdi_owner`."""
DATABASE = "kirdi"
LOGINS = (DatabaseRole.SERVICE, DatabaseRole.RETENTION, DatabaseRole.AUDITOR)
"""Who else logs in; each is its role itself and a member of nothing."""
_INITDB_TIMEOUT_S = 180.0
_SQL_TIMEOUT_S = 60.0


def _role(name: str, may: str) -> str:
    """One line that makes a role, unless it is there: an error, even a caught one, would end it."""
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') "
        f"THEN CREATE ROLE {name} {may}; END IF; END $$"
    )


# One statement a line: the server without a client takes a line for one. Data folders of earlier
# versions have some of it. Nobody but these connects, makes anything, or keeps large objects.
_ROLES = f"""\
{_role(DatabaseRole.OWNER, "NOLOGIN")}
GRANT {DatabaseRole.OWNER} TO {ROLE}
ALTER DATABASE {DATABASE} OWNER TO {DatabaseRole.OWNER}
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC
REVOKE ALL ON DATABASE postgres FROM PUBLIC
REVOKE ALL ON DATABASE template1 FROM PUBLIC
REVOKE EXECUTE ON FUNCTION lo_create(oid), lo_creat(integer), lo_from_bytea(oid, bytea) FROM PUBLIC
"""

# What the owner needs to let the log of a withdrawn template go: to begin a new file of it, to have
# the old ones removed, and to see that they are. Since version 15 that takes no superuser.
_RIGHTS_SINCE = 15
_RIGHTS = f"""\
GRANT pg_checkpoint TO {DatabaseRole.OWNER}
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {DatabaseRole.OWNER}
GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO {DatabaseRole.OWNER}
REVOKE pg_checkpoint FROM {ROLE}
REVOKE EXECUTE ON FUNCTION pg_switch_wal() FROM {ROLE}
REVOKE EXECUTE ON FUNCTION pg_ls_waldir() FROM {ROLE}
"""


class PostgresCluster:
    """The data folder with its roles and one database. No server runs while a method does."""

    def __init__(self, folder: Path, passwords: Mapping[str, SecretFile]) -> None:
        """Keep where it lies; `passwords` are by login: ROLE and LOGINS."""
        self._folder = folder
        self._passwords = passwords
        self._log = structlog.get_logger()
        self._roles = folder / "roles"
        self.data = folder / "data"

    def is_prepared(self) -> bool:
        """Whether this version has prepared the data folder. May be asked while a server runs."""
        return self._roles.exists()

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
        """Make the data folder where there is none; give logins a password where it is lost.

        Raises:
            EmbeddedError: The server's programs fail; the message ends with their words.
        """
        if not (self.data / "PG_VERSION").exists():
            self._make_data(binaries)
        else:
            self._make_roles(binaries)
            self._replace_lost_passwords(binaries)

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
            password = self._passwords[ROLE].read() or SecretFile.generate()
            self._passwords[ROLE].write(password)
            self._sql(
                binaries,
                fresh,
                f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'\n"
                f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n",
            )
            fresh.rename(self.data)
            self._roles.unlink(missing_ok=True)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        self._make_roles(binaries)
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

    def _replace_lost_passwords(self, binaries: PostgresBinaries) -> None:
        for login, file in self._passwords.items():
            if file.read() is None:
                password = SecretFile.generate()
                self._sql(binaries, self.data, f"ALTER ROLE {login} PASSWORD '{password}'\n")
                file.write(password)
                self._log.warning(
                    "embedded database had lost a password file; it has a new one", login=login
                )

    def _make_roles(self, binaries: PostgresBinaries) -> None:
        """Once; data folders made by earlier versions lack them."""
        if self._roles.exists():
            return
        statements = _ROLES
        if binaries.major >= _RIGHTS_SINCE:
            statements += _RIGHTS
        for login in LOGINS:
            password = self._passwords[login].read() or SecretFile.generate()
            self._passwords[login].write(password)
            statements += (
                f"{_role(login, 'LOGIN')}\n"
                f"ALTER ROLE {login} PASSWORD '{password}'\n"
                f"GRANT CONNECT ON DATABASE {DATABASE} TO {login}\n"
            )
        self._sql(binaries, self.data, statements, DATABASE)
        self._roles.touch(mode=0o600)
        # What earlier versions have left here says less.
        (self._folder / "rights").unlink(missing_ok=True)

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
