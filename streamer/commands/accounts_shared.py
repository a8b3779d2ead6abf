"""What `kirdi users` and `kirdi tokens` share: reading a password, and a list of names."""

import getpass
import sys
from collections.abc import Sequence

from streamer.domain.password_rules import MAX_LENGTH, fault_of
from streamer.errors import InputError


def read_password(account: str) -> str:
    """Ask for a new password twice, or read one line where standard input is no terminal.

    Never an argument: every user of the machine sees those.

    Raises:
        InputError: It cannot be used.
    """
    if sys.stdin.isatty():
        password = getpass.getpass(f"New password of {account}: ")
        if getpass.getpass("Once more: ") != password:
            raise InputError("password: the two are not the same; nothing was changed")
    else:
        password = sys.stdin.readline(4 * MAX_LENGTH + 2).rstrip("\r\n")
    fault = fault_of(password, account)
    if fault is not None:
        raise InputError(f"password of {account}: {fault}")
    return password


def names_in(text: str | None) -> tuple[str, ...]:
    """Return what stands between commas, each once, in order."""
    parts = (part.strip() for part in (text or "").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def one_of(given: Sequence[str], known: Sequence[str], what: str) -> None:
    """Check names.

    Raises:
        InputError: One of them is not known.
    """
    for name in given:
        if name not in known:
            raise InputError(f"{what} {name!r}: unknown; there are {', '.join(known)}")
