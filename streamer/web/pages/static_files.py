"""Styles and scripts of the console, kept in memory. Used by `rendering`; served by `/static`.

A browser asks each time whether a file is still the same (`ETag`), so that no page runs with the
scripts of an older version.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

_KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One of them."""

    content: bytes
    media_type: str
    etag: str


def read_static_files() -> Mapping[str, StaticFile]:
    """Read them all, by path below `static`. Blocking; what is of no known kind is left out."""
    found: dict[str, StaticFile] = {}
    _read(files("streamer.web") / "static", "", found)
    return found


def _read(folder: Traversable, prefix: str, found: dict[str, StaticFile]) -> None:
    for one in folder.iterdir():
        path = f"{prefix}{one.name}"
        if one.is_dir():
            _read(one, f"{path}/", found)
            continue
        kind = _KINDS.get(f".{one.name.rpartition('.')[2]}")
        if kind is not None:
            content = one.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
            found[path] = StaticFile(content, kind, etag)
