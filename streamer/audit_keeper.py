"""Keeps the ends of the audit's chains outside the database. Two background tasks of the service.

One writes them to a file every minute and when the service ends; the other posts the newest line to
a server outside, where one is set, and waits longer and longer while that is away. Neither holds up
anything. What they are doing stands in `audit/state.json` of the home folder, for `kirdi health`.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import structlog

from streamer.clock import Clock
from streamer.domain.chain_head import ChainHead
from streamer.errors import KirdiError

log = structlog.get_logger(__name__)

_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 600.0
_WHOLE_EVERY: Final = 60


class HeadSource(Protocol):
    """Knows where the chains end."""

    async def heads(self) -> tuple[ChainHead, ...]:
        """Of all chains; raises DatabaseError."""
        ...


class HeadFile(Protocol):
    """Keeps checkpoints; blocks."""

    def append(
        self, heads: Sequence[ChainHead], at: datetime, changed: Sequence[ChainHead] | None = None
    ) -> bytes | None:
        """Add a line; None where it would say nothing new. Raises KirdiError."""
        ...


class HeadPost(Protocol):
    """Sends checkpoints away."""

    async def send(self, line: bytes) -> None:
        """Raises OutsideError."""
        ...


def state_file(home: Path) -> Path:
    """Where `kirdi health` looks."""
    return home / "audit" / "state.json"


class AuditKeeper:
    """The newest checkpoint, in the file and on its way."""

    def __init__(
        self,
        source: HeadSource,
        file: HeadFile,
        post: HeadPost | None,
        home: Path,
        every_s: float,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; without `post` nothing leaves the machine."""
        self._source = source
        self._file = file
        self._post = post
        self._home = home
        self._every_s = every_s
        self._clock = clock
        self._last: dict[int, ChainHead] = {}
        # The newest only: it stands for all before.
        self._unsent: bytes | None = None
        self._fresh = asyncio.Event()
        self._written_last = asyncio.Event()
        self._writes = 0
        self._troubles: dict[str, str] = {}
        self._told: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Write until stopped, and once more then."""
        stopping = False
        while not stopping:
            await self.write()
            stopping = await self._clock.sleep(self._every_s, stop)
        await self.write()
        self._written_last.set()

    async def write(self) -> None:
        """Write a checkpoint; what is in the way is told and tried again."""
        try:
            if self._writes % _WHOLE_EVERY == 0:
                # The file may have been moved away: it is never long without all chains.
                self._last = {}
            self._writes += 1
            heads = await self._source.heads()
            changed = [one for one in heads if self._last.get(one.lane) != one]
            line = await asyncio.to_thread(self._file.append, heads, self._clock.now(), changed)
        except KirdiError as error:
            await self._tell("file", str(error))
            return
        self._last = {one.lane: one for one in heads}
        if line is not None:
            self._unsent = line
            self._fresh.set()
        await self._tell("file", "")

    async def send(self, stop: asyncio.Event) -> None:
        """Post until stopped; the last one is tried once more then."""
        if self._post is None:
            await stop.wait()
            return
        wait_s = _FIRST_WAIT_S
        while not stop.is_set():
            if await self._sent(self._post):
                wait_s = _FIRST_WAIT_S
                await self._wait(stop)
            else:
                await self._clock.sleep(wait_s, stop)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        # Its wait is bounded: so are the database's and the disk's for the last one.
        await self._written_last.wait()
        await self._sent(self._post)

    async def _sent(self, post: HeadPost) -> bool:
        """Post what is unsent; False where it could not be."""
        line = self._unsent
        if line is None:
            return True
        try:
            await post.send(line)
        except KirdiError as error:
            await self._tell("url", str(error))
            return False
        if self._unsent == line:
            self._unsent = None
        await self._tell("url", "")
        return True

    async def _wait(self, stop: asyncio.Event) -> None:
        if self._unsent is None:
            self._fresh.clear()
        waits = [asyncio.create_task(event.wait()) for event in (self._fresh, stop)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _tell(self, what: str, trouble: str) -> None:
        """Say what is in the way, once and not every minute."""
        before = self._troubles.get(what, "")
        if trouble:
            self._troubles[what] = trouble
        else:
            self._troubles.pop(what, None)
        if trouble and not before:
            log.warning("audit checkpoint not kept", where=what, reason=trouble)
        elif before and not trouble:
            log.info("audit checkpoints are kept again", where=what)
        said = json.dumps({"troubles": self._troubles})
        if said != self._told:
            try:
                await asyncio.to_thread(_write, state_file(self._home), said)
                self._told = said
            except OSError as error:
                log.debug("audit state not written", reason=error.strerror)


def troubles_of(home: Path) -> tuple[str, ...]:
    """What is in the way of checkpoints, by the word of the service that runs, or ran last."""
    try:
        said = json.loads(state_file(home).read_text(encoding="utf-8"))
        return tuple(
            f"audit checkpoints not kept ({where}): {trouble}"
            for where, trouble in said["troubles"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(path)
