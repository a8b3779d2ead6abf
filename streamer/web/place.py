"""Where the running service's API is, for the commands: `web.json` in the home folder."""

import json
import os
from pathlib import Path
from typing import Final

NAME: Final = "web.json"


def announce(home: Path, url: str, public_url: str | None) -> None:
    """Write it down, for the service's own user; blocking."""
    beside = home / f".{NAME}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"url": url, "public_url": public_url, "pid": os.getpid()}, file)
    beside.replace(home / NAME)


def withdraw(home: Path) -> None:
    """Take it away; blocking."""
    (home / NAME).unlink(missing_ok=True)


def announced(home: Path) -> dict[str, object] | None:
    """What the last service wrote that has not taken it away; whether it lives is not looked at."""
    try:
        found: dict[str, object] = json.loads((home / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found
