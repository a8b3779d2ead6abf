"""Keeps where each camera looks over restarts, so that one turned meanwhile is noticed.

In `references.json` in the home folder, mode 0600: 32 x 18 grey values a camera, each the mean of
thousands of pixels over a minute or more. Walls and doors are in it, and nobody can be.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from config.settings import Camera
from streamer.cameras.whole_file import replace_file
from streamer.clock import Clock
from streamer.errors import InputError
from streamer.ingest.camera_url import CameraUrl
from streamer.ingest.protocol import REFERENCE_SIZE

log = structlog.get_logger(__name__)

_EVERY_S: Final = 600.0
"""References follow the light slowly; a new one is written at once."""
_MOST: Final = 256
_BYTES: Final = REFERENCE_SIZE[0] * REFERENCE_SIZE[1]


@checked(frozen=True)
class _Entry:
    """One camera's: under another address it is another camera, whatever its id."""

    address: str
    luma: str


_entries: Final = TypeAdapter(dict[str, _Entry])


@dataclass(slots=True)
class _Kept:
    address: str
    luma: bytes


class ReferenceKeeper:
    """In memory, and now and then in the file. All methods belong to the event loop's thread."""

    def __init__(self, home: Path, clock: Clock) -> None:
        """Name the file; `load` reads it."""
        self._path = home / "references.json"
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._changed = False
        self._news = asyncio.Event()

    async def load(self) -> None:
        """Read what an earlier run knew; a file that is no good is as none."""
        try:
            text = await asyncio.to_thread(self._path.read_bytes)
            entries = _entries.validate_json(text)
            kept = {
                key: _Kept(one.address, bytes.fromhex(one.luma)) for key, one in entries.items()
            }
        except FileNotFoundError:
            return
        except (OSError, ValidationError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it cannot be understood"
            log.warning("reference pictures not read; new ones are made", reason=reason)
            return
        self._kept = {key: one for key, one in kept.items() if len(one.luma) == _BYTES}

    def recall(self, camera: Camera) -> bytes:
        """Its reference picture; empty where there is none of that address."""
        one = self._kept.get(camera.id)
        return b"" if one is None or one.address != _address(camera) else one.luma

    def remember(self, camera: Camera, luma: bytes) -> None:
        """Keep a camera's reference picture from now on; an empty one is forgotten."""
        is_new = not self.recall(camera)
        self._kept.pop(camera.id, None)
        if luma:
            self._kept[camera.id] = _Kept(_address(camera), luma)
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]
        self._changed = True
        if is_new or not luma:
            self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Write what changed: new references at once, the rest every ten minutes and at the end."""
        while not stop.is_set():
            waits = [
                asyncio.ensure_future(self._news.wait()),
                asyncio.ensure_future(self._clock.sleep(_EVERY_S, stop)),
            ]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waits:
                    one.cancel()
            self._news.clear()
            if self._changed:
                await self._write()

    async def _write(self) -> None:
        self._changed = False
        entries = {key: _Entry(one.address, one.luma.hex()) for key, one in self._kept.items()}
        text = _entries.dump_json(entries).decode()
        try:
            await asyncio.to_thread(replace_file, self._path, text)
        except OSError as error:
            self._changed = True
            log.warning("reference pictures not written", reason=error.strerror)


def _address(camera: Camera) -> str:
    """Without secrets: what the file holds opens nothing."""
    try:
        return CameraUrl.parse(camera.url.get_secret_value()).address
    except InputError:
        return ""
