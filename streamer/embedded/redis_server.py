"""The embedded Redis: a cache in memory only, started and stopped by `services.py`."""

import signal
import socket
from pathlib import Path
from urllib.parse import quote

import structlog

from streamer.embedded import process
from streamer.embedded.binaries import redis_binary
from streamer.embedded.home import make_private_folder
from streamer.embedded.secret_file import SecretFile
from streamer.errors import EmbeddedError

_START_TIMEOUT_S = 10.0
# It writes nothing down and ends at once; one that hangs loses nothing by being killed.
_STOP_STEPS = ((signal.SIGTERM, 1.0), (signal.SIGKILL, 3.0))
_ANSWER_TIMEOUT_S = 1.0
_SOCKET = "redis.sock"
_LOG_LIMIT_BYTES = 1_000_000

_CONFIGURATION = """\
port 0
unixsocket "{socket}"
unixsocketperm 700
requirepass {password}
protected-mode yes
daemonize no
dir "{folder}"
logfile "{log}"
loglevel warning
save ""
appendonly no
maxmemory 64mb
maxmemory-policy allkeys-lru
maxclients 200
"""


class RedisServer:
    """Redis under one folder. The caller holds the lease while any method but `url` runs."""

    name = "redis"

    def __init__(self, base: Path) -> None:
        self._folder = base / "redis"
        self._sockets = base / "run"
        self._log_file = self._folder / "redis.log"
        self._password = SecretFile(base / "redis.password")
        self._log = structlog.get_logger()
        self.lock = base / "redis.lock"

    @staticmethod
    def is_installed() -> bool:
        """Whether there is a redis-server to start."""
        return redis_binary() is not None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            EmbeddedError: There is none, or it does not start.
        """
        binary = redis_binary()
        if binary is None:
            raise EmbeddedError("embedded Redis: there is no redis-server; set redis.url")
        make_private_folder(self._folder)
        self._forget_last_run()
        sockets = process.make_socket_folder(self._sockets, self.name)
        self._configure(sockets)
        launch = process.Launch(
            argv=(str(binary), "redis.conf"),
            folder=self._folder,
            own=(self._folder,),
            reach=(sockets,),
        )
        process.start(launch, self.lock, sockets, self._log_file.with_name("redis-start.log"))
        process.wait_until(
            lambda: self.answers() or not process.is_running(self.lock), _START_TIMEOUT_S
        )
        if not self.answers():
            self.stop()
            raise EmbeddedError(
                f"embedded Redis in {self._folder}: it does not start; "
                f"look into {self._log_file}, or set redis.url"
            )

    def answers(self) -> bool:
        """Whether the running server answers; it is also told to keep no crash report."""
        record, password = process.read_record(self.lock), self._password.read()
        if record is None or password is None or not process.is_running(self.lock):
            return False
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(_ANSWER_TIMEOUT_S)
                client.connect(str(record.socket_folder / _SOCKET))
                # A crash report would hold clients' words; versions before 6.2 have no such key.
                client.sendall(f"AUTH {password}\r\n".encode())
                client.sendall(b"CONFIG SET crash-log-enabled no\r\nPING\r\n")
                answer = b""
                while b"+PONG" not in answer and (more := client.recv(4096)):
                    answer += more
                return b"+PONG" in answer
        except OSError:
            return False

    def url(self) -> str:
        """Where the running server answers. It holds the password.

        Raises:
            EmbeddedError: There is no such server.
        """
        record, password = process.read_record(self.lock), self._password.read()
        if record is None or password is None:
            raise EmbeddedError(
                f"embedded Redis in {self._folder}: its lock or password file is gone while it "
                "runs; stop every kirdi command and start again"
            )
        return f"unix://:{password}@{quote(str(record.socket_folder / _SOCKET), safe='/')}"

    def stop(self) -> bool:
        """Stop it; what it held is lost, as it may be. Returns whether it is gone."""
        gone = process.stop(self.lock, _STOP_STEPS)
        if gone:
            self._forget_last_run()
        else:
            self._log.warning("embedded server does not stop", server=self.name)
        return gone

    def _forget_last_run(self) -> None:
        record = process.read_record(self.lock)
        folder = record.socket_folder if record else self._sockets
        (folder / _SOCKET).unlink(missing_ok=True)
        process.remove_socket_folder(folder, self._sockets)

    def _configure(self, sockets: Path) -> None:
        password = self._password.read()
        if password is None:
            password = SecretFile.generate()
            self._password.write(password)
        try:
            if self._log_file.exists() and self._log_file.stat().st_size > _LOG_LIMIT_BYTES:
                self._log_file.replace(self._log_file.with_suffix(".1.log"))
            configuration = self._folder / "redis.conf"
            configuration.touch(mode=0o600)
            configuration.write_text(
                _CONFIGURATION.format(
                    socket=_escaped(sockets / _SOCKET),
                    folder=_escaped(self._folder),
                    log=_escaped(self._log_file),
                    password=password,
                ),
                encoding="utf-8",
            )
        except OSError as error:
            raise EmbeddedError(
                f"{self._folder}: it cannot be written ({error.strerror}); free some disk space"
            ) from error


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')
