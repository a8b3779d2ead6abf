"""Starting, finding and stopping one server process; used by the two servers.

A server holds an flock on its lock file for as long as any of its processes lives (see
`launcher.py`), so whether it runs is asked of the kernel and never guessed from a pid.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from streamer.embedded import launcher
from streamer.errors import EmbeddedError

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+")
_SOCKET_FOLDER_LIMIT = 107 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """What a running server's lock file says: pid, start in clock ticks since boot, sockets."""

    pid: int
    started: int
    socket_folder: Path


@dataclass(frozen=True, slots=True)
class Launch:
    """One execution of a server's program.

    `own` are folders that must belong to the uid it runs as, `reach` those it writes to.
    """

    argv: tuple[str, ...]
    folder: Path
    own: tuple[Path, ...] = ()
    reach: tuple[Path, ...] = ()

    def spec(self, lock: Path | None, socket_folder: Path | None, output: Path | None) -> str:
        """The launcher's argument. It is visible to others and so holds no secret."""
        return json.dumps(
            {
                "argv": self.argv,
                "folder": str(self.folder),
                "own": [str(folder) for folder in self.own],
                "reach": [str(folder) for folder in self.reach],
                "lock": str(lock or ""),
                "socket": str(socket_folder or ""),
                "output": str(output or ""),
            }
        )


def run(launch: Launch, *, text: str = "", timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run a program to its end with `text` as its input.

    Raises:
        EmbeddedError: It took too long or could not be started at all.
    """
    try:
        return subprocess.run(
            _command(launch.spec(None, None, None)),
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedError(
            f"{launch.argv[0]}: it did not finish ({type(error).__name__}); "
            "look for free disk space and memory"
        ) from error


def start(launch: Launch, lock: Path, socket_folder: Path, output: Path) -> None:
    """Start a server in a session of its own. Returns once it executes; it may not be ready.

    Raises:
        EmbeddedError: It cannot be executed, or one is running already.
    """
    try:
        done = subprocess.run(
            _command(launch.spec(lock, socket_folder, output)),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            stdin=subprocess.DEVNULL,
            # Ctrl-C is the command's; what it starts must not die of it half-way.
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedError(f"{launch.argv[0]}: it cannot be started ({error})") from error
    if done.returncode == launcher.ALREADY_RUNNING:
        raise EmbeddedError(f"{launch.argv[0]}: another one holds {lock}; stop it first")
    if done.returncode != 0:
        raise EmbeddedError(f"{launch.argv[0]}: it cannot be started ({done.stderr.strip()})")


def _command(spec: str) -> list[str]:
    return [sys.executable, "-I", "-S", launcher.__file__, spec]


def is_running(lock: Path) -> bool:
    """Whether any process of the server lives."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who ask at once do not take each other for the server.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def read_record(lock: Path) -> ServerRecord | None:
    """The last server's record, running or not; None where there is none that can be read."""
    try:
        data = json.loads(lock.read_text(encoding="utf-8"))
        return ServerRecord(int(data["pid"]), int(data["started"]), Path(data["socket"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def started_at(pid: int) -> int | None:
    """A process's start in clock ticks since boot; None when it is gone (or a zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *rest = fields.rpartition(")")[2].split()
    return None if state in "ZX" else int(rest[18])


def stop(lock: Path, steps: Iterable[tuple[signal.Signals, float]]) -> bool:
    """Stop a server, one signal with its time-out (seconds) after the other, then by force.

    Returns:
        Whether it is gone.
    """
    for number, timeout_s in steps:
        record = read_record(lock)
        if record is not None and started_at(record.pid) == record.started:
            _send(record.pid, number)
        if wait_until(lambda: not is_running(lock), timeout_s):
            return True
    for pid in _users_of(lock):
        _send(pid, signal.SIGKILL)
    return wait_until(lambda: not is_running(lock), 5.0)


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _users_of(lock: Path) -> list[int]:
    """The processes that have the lock file open: the server's, orphaned ones too."""
    target = lock.stat()
    found = []
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            entry = handle.stat()
        except OSError:
            continue
        if (entry.st_dev, entry.st_ino) == (target.st_dev, target.st_ino):
            found.append(int(handle.parts[2]))
    return [pid for pid in found if pid != os.getpid()]


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Poll a condition every 20 ms; False when it never held within the time-out."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def telling_line(text: str) -> str:
    """The line of a server's words that says most: the last error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line]
    return (telling or lines or [""])[-1][:300]


def make_socket_folder(wanted: Path, server: str) -> Path:
    """A folder for sockets: `wanted`, or a short private one where that is too long or odd.

    A socket's path may have 107 bytes, and PostgreSQL reads commas and quotes in its own way. The
    short one is the same each time: a server that is started again must be found at its old URL.

    Args:
        wanted: Where the sockets belong.
        server: Whose they are; a short folder is one server's alone.
    """
    if len(os.fsencode(wanted)) <= _SOCKET_FOLDER_LIMIT and set(str(wanted)) <= _SAFE:
        wanted.mkdir(mode=0o700, exist_ok=True)
        return wanted
    for base in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp makes it ours
        if len(base) < 60 and set(base) <= _SAFE and os.access(base, os.W_OK | os.X_OK):
            digest = hashlib.sha256(os.fsencode(wanted) + server.encode()).hexdigest()
            folder = Path(base, f"kirdi-{digest[:16]}")
            if _is_private(folder):
                return folder
            # Somebody else's lies there: any other name, then.
            return Path(tempfile.mkdtemp(prefix="kirdi-", dir=base))
    raise EmbeddedError(
        f"{wanted}: too long for a socket; set TMPDIR or KIRDI_HOME to a short path"
    )


def _is_private(folder: Path) -> bool:
    """Make the folder, or see that the one there is ours alone."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        entry = folder.lstat()
        ours = stat.S_ISDIR(entry.st_mode) and entry.st_uid == os.geteuid()
        return ours and not entry.st_mode & 0o077
    return True


def remove_socket_folder(folder: Path, wanted: Path) -> None:
    """Remove a short socket folder that `make_socket_folder` made, if it is still ours."""
    if folder == wanted or not folder.name.startswith("kirdi-"):
        return
    try:
        entry = folder.lstat()
    except OSError:
        return
    if stat.S_ISDIR(entry.st_mode) and entry.st_uid == os.geteuid():
        shutil.rmtree(folder, ignore_errors=True)
