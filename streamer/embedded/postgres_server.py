"""The embedded PostgreSQL as a running server; started and stopped by `services.py`.

Sockets only, inside a folder of mode 0700, and a password all the same: a decoder process of the
same user may be kept from reading files, but not from connecting to a socket.
"""

import signal
import socket
from pathlib import Path
from urllib.parse import quote

import structlog

from streamer.embedded import process
from streamer.embedded.binaries import PostgresBinaries
from streamer.embedded.home import make_private_folder
from streamer.embedded.postgres_cluster import DATABASE, LOGINS, ROLE, PostgresCluster
from streamer.embedded.secret_file import SecretFile
from streamer.errors import EmbeddedError
from streamer.storage.database_role import DatabaseRole

_START_TIMEOUT_S = 90.0  # replaying the log after a crash takes part of it
_STOP_STEPS = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 3.0))

# Statements and their values never reach the log: level `log` leaves out statement errors.
# The log is one file a day of the week, begun anew each week. The write-ahead log's old files are
# removed, not kept for reuse: what they hold of an erased template must go with them.
_CONFIGURATION = """\
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
hba_file = '{hba}'
max_connections = 100
password_encryption = 'scram-sha-256'
shared_buffers = '32MB'
shared_memory_type = 'mmap'
dynamic_shared_memory_type = 'mmap'
huge_pages = off
work_mem = '8MB'
maintenance_work_mem = '32MB'
max_worker_processes = 2
max_parallel_workers = 0
jit = off
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = minimal
max_wal_senders = 0
max_wal_size = '256MB'
min_wal_size = '32MB'
wal_recycle = off
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'ISO, YMD'
lc_messages = 'C'
logging_collector = on
log_directory = '{log}'
log_filename = 'postgres-%a.log'
log_file_mode = 0600
log_rotation_age = '1d'
log_rotation_size = 0
log_truncate_on_rotation = on
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
"""
_CONFIGURATION_18 = "io_method = sync\n"

_HBA = f"""\
local all {",".join((ROLE, *LOGINS))} scram-sha-256
local all all reject
"""


class PostgresServer:
    """PostgreSQL under one folder. The caller holds the lease while any method but `url` runs."""

    name = "postgres"

    def __init__(self, base: Path) -> None:
        self._base = base
        self._folder = base / "postgres"
        self._sockets = base / "run"
        self._logs = self._folder / "log"
        self._passwords = {ROLE: SecretFile(base / "postgres.password")}
        for login in LOGINS:
            name = login.removeprefix("kirdi_")
            self._passwords[login] = SecretFile(base / f"postgres.{name}.password")
        self._cluster = PostgresCluster(self._folder, self._passwords)
        self._data = self._cluster.data
        self._log = structlog.get_logger()
        self.lock = base / "postgres.lock"

    def start(self) -> None:
        """Make the data folder where there is none, start the server and wait until it answers.

        Raises:
            EmbeddedError: It cannot be made or started; the message ends with the server's words.
        """
        for folder in (self._folder, self._logs):
            make_private_folder(folder)
        binaries = self._cluster.binaries()
        self._forget_last_run()
        self._cluster.prepare(binaries)
        sockets = process.make_socket_folder(self._sockets, self.name)
        self._configure(binaries, sockets)
        launch = process.Launch(
            argv=(
                str(binaries.postgres),
                "-D",
                str(self._data),
                "-c",
                f"config_file={self._folder / 'postgresql.conf'}",
            ),
            folder=self._data,
            own=(self._data, self._logs),
            reach=(sockets,),
        )
        process.start(launch, self.lock, sockets, self._logs / "postgres-start.log")
        process.wait_until(
            lambda: self.answers() or not process.is_running(self.lock), _START_TIMEOUT_S
        )
        if not self.answers():
            words = self._last_words()
            self.stop()
            raise EmbeddedError(
                f"embedded PostgreSQL in {self._folder}: it does not start ({words}); "
                f"look into {self._logs}, or set database.url"
            )

    def answers(self) -> bool:
        """Whether the running server accepts connections."""
        record = process.read_record(self.lock)
        if record is None or not process.is_running(self.lock):
            return False
        try:
            state = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            if state[0] != str(record.pid) or state[7].strip() != "ready":
                return False
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(3.0)
                client.connect(str(record.socket_folder / ".s.PGSQL.5432"))
                client.sendall(b"\0\0\0\x08\x04\xd2\x16\x2f")  # SSLRequest; answered by one byte
                return client.recv(1) == b"N"
        except (OSError, IndexError):
            return False

    def is_prepared(self) -> bool:
        """Whether this version has prepared it; one that an earlier version runs may not be."""
        return self._cluster.is_prepared()

    def url(self, role: DatabaseRole = DatabaseRole.SERVICE) -> str:
        """Where the running server answers, for one role. It holds the password.

        Raises:
            EmbeddedError: There is no such server.
        """
        login = ROLE if role is DatabaseRole.OWNER else role.value
        record, password = process.read_record(self.lock), self._passwords[login].read()
        if record is None or password is None:
            raise EmbeddedError(
                f"embedded PostgreSQL in {self._folder}: its lock or password file is gone "
                "while it runs; stop every kirdi command and start again"
            )
        host = quote(str(record.socket_folder), safe="/")
        return f"postgresql://{login}:{password}@/{DATABASE}?host={host}"

    def stop(self) -> bool:
        """Stop it: open transactions are rolled back. Returns whether it is gone."""
        gone = process.stop(self.lock, _STOP_STEPS)
        if gone:
            self._forget_last_run()
        else:
            self._log.warning("embedded server does not stop", server=self.name)
        return gone

    def _forget_last_run(self) -> None:
        """Remove what a killed server leaves; the free lock has proved that none lives.

        PostgreSQL itself trusts the pid in these files, which may be someone else's by now.
        """
        record = process.read_record(self.lock)
        folder = record.socket_folder if record else self._sockets
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (folder / name).unlink(missing_ok=True)
        process.remove_socket_folder(folder, self._sockets)

    def _configure(self, binaries: PostgresBinaries, sockets: Path) -> None:
        hba = self._folder / "pg_hba.conf"
        text = _CONFIGURATION.format(sockets=sockets, hba=_quoted(hba), log=_quoted(self._logs))
        if binaries.major >= 18:
            text += _CONFIGURATION_18
        try:
            hba.write_text(_HBA, encoding="utf-8")
            (self._folder / "postgresql.conf").write_text(text, encoding="utf-8")
        except OSError as error:
            raise EmbeddedError(
                f"{self._folder}: it cannot be written ({error.strerror}); free some disk space"
            ) from error

    def _last_words(self) -> str:
        logs = sorted(self._logs.glob("postgres-*.log"), key=lambda path: path.stat().st_mtime)
        for path in reversed(logs):
            if line := process.telling_line(path.read_text(encoding="utf-8", errors="replace")):
                return line
        return "it said nothing"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
