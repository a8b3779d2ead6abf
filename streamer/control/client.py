"""Asks the running service. Called by the commands; blocks."""

import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

from streamer.control.messages import MAX_REPLY_BYTES, Reply, Request, pack, parse_reply
from streamer.control.place import socket_path
from streamer.errors import KirdiError

_TIMEOUT_S: Final = 30.0
_HUNG_UP: Final = (
    "service: it hung up before answering; look with `kirdi cameras list` whether the change was "
    "made"
)


def ask(home: Path, request: Request, timeout_s: float = _TIMEOUT_S) -> Reply:
    """Send a command and wait for the answer, each step of it no longer than the time-out.

    Raises:
        KirdiError: No service answers, or it says what is wrong, with that error's exit code.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(timeout_s)
            with socket_path(home) as path:
                link.connect(path)
            with suppress(BrokenPipeError):  # it may refuse before it has read everything
                link.sendall(pack(request))
            line = _read_line(link)
    except (FileNotFoundError, ConnectionRefusedError):
        raise KirdiError(
            f"service: none answers on {home}; start `kirdi run`, or wait until it is ready"
        ) from None
    except ConnectionResetError:
        raise KirdiError(_HUNG_UP) from None
    except TimeoutError:
        raise KirdiError(f"service: no answer in {timeout_s:g} s; look at its log") from None
    except OSError as error:
        raise KirdiError(
            f"service: its socket in {home} cannot be used ({error.strerror}); "
            "run as the service's user"
        ) from error
    reply = parse_reply(line)
    if reply.exit_code:
        refusal = KirdiError(reply.error)
        refusal.exit_code = reply.exit_code
        raise refusal
    return reply


def _read_line(link: socket.socket) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= MAX_REPLY_BYTES:
        part = link.recv(64 * 1024)
        if not part:
            raise KirdiError(_HUNG_UP)
        if part.endswith(b"\n"):
            return b"".join([*parts, part])
        parts.append(part)
        size += len(part)
    raise KirdiError("service: its answer is too long; look at its log")
