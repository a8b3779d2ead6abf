"""Which site a home folder belongs to. Asked by `backend` and by every command that opens it.

Key, checkpoints, register of erasures, added cameras and an embedded database lie there: with the
`site.id` of another site everything would look empty, and be mixed.
"""

import os
from pathlib import Path
from typing import Final

from streamer.errors import KirdiError

NAME: Final = "site"
_LONGEST: Final = 256


def claim_home(home: Path, site_id: str) -> None:
    """Note whose home folder it is, where that is not noted yet; blocking.

    Raises:
        KirdiError: It is another site's, or cannot be read or written.
    """
    path = home / NAME
    try:
        if not path.exists():
            _write(path, site_id)
    except OSError as error:
        raise _unusable(path, error) from error
    refuse_other_site(home, site_id)


def refuse_other_site(home: Path, site_id: str) -> None:
    """Refuse a home folder that is another site's; blocking. What nobody has claimed is anybody's.

    Raises:
        KirdiError: It is another site's, or cannot be read.
    """
    path = home / NAME
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            claimed = file.read(_LONGEST).strip()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unusable(path, error) from error
    if claimed != site_id:
        shown = claimed if claimed.isprintable() and claimed else "another"
        raise KirdiError(
            f"home folder {home}: belongs to site {shown}, and site.id is {site_id}; correct "
            "site.id, or set KIRDI_HOME to a folder of its own for this site. Is the site to be "
            f"called so from now on, and nothing kept of the former one? Then remove {path}"
        )


def _write(path: Path, site_id: str) -> None:
    """Whole or not at all, and only by the first of several at once."""
    beside = path.with_name(f".{NAME}-{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{site_id}\n")
        try:
            path.hardlink_to(beside)
        except FileExistsError:
            return
    finally:
        beside.unlink(missing_ok=True)


def _unusable(path: Path, error: OSError) -> KirdiError:
    return KirdiError(
        f"{path}: cannot be used ({error.strerror or type(error).__name__}); run as the service's "
        "user"
    )
