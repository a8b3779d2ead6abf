"""Runs `kirdi` commands without loading the program anew for each: that takes most of their time.

A process that has loaded the command line and the stores forks for each command. The fork gets the
command's arguments, environment, folder and streams, and ends as any `kirdi` does. Run as a module
it is that process; used by `kirdi.py`. What runs on (services, cameras) is started from nothing
there.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile

_LARGEST = 1 << 18


class CommandServer:
    """The process, started at the first command; it ends with its user."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None

    def run(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        stdin: str = "",
        timeout: float = 120,
    ) -> tuple[int, str, str]:
        """One command's exit code, output and errors.

        Raises:
            subprocess.TimeoutExpired: It took too long and was killed.
        """
        if self._control is None:
            self._control = _start()
        ours, theirs = socket.socketpair()
        with ours, TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(stdin.encode())
            given.seek(0)
            asked = json.dumps([list(arguments), dict(env), str(folder)]).encode()
            files = [theirs.fileno(), given.fileno(), out.fileno(), err.fileno()]
            with theirs:
                socket.send_fds(self._control, [asked], files)
            code = _ended(ours, arguments, timeout)
            return code, _text(out.fileno()), _text(err.fileno())


def _start() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.command_server", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=Path(__file__).resolve().parents[2],
        )
    return ours


def _ended(answers: socket.socket, arguments: Sequence[str], timeout: float) -> int:
    """What the command's parent says: first its pid, at last its exit code."""
    with answers.makefile() as lines:
        pid = int(lines.readline())
        answers.settimeout(timeout)
        try:
            return int(lines.readline())
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(["kirdi", *arguments], timeout) from None


def _text(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), encoding="utf-8") as file:
        return file.read()


def _serve(control: socket.socket) -> list[str] | None:
    """Returns None when nobody asks any more, and the arguments in the process of a command."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        asked, files, _, _ = socket.recv_fds(control, _LARGEST, 4)
        if not asked:
            return None
        if os.fork() == 0:
            break
        for descriptor in files:
            os.close(descriptor)
    control.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=files[0]) as answers:
        pid = os.fork()
        if pid != 0:
            answers.sendall(f"{pid}\n".encode())
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            # Who asked may have given up.
            with suppress(OSError):
                answers.sendall(f"{code}\n".encode())
            os._exit(0)
    arguments, env, folder = json.loads(asked)
    for number, descriptor in enumerate(files[1:]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    assert isinstance(arguments, list)
    return arguments


def _main() -> None:
    from streamer import cli

    # What nearly every command goes on to load.
    import_module("streamer.backend")
    # A fork has nothing to look for in what was there before it.
    gc.freeze()
    # Ctrl-C in the terminal is for the tests; the commands set their own handlers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    arguments = _serve(socket.socket(fileno=int(sys.argv[1])))
    if arguments is not None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["kirdi", *arguments]
        cli.main()


if __name__ == "__main__":
    _main()
