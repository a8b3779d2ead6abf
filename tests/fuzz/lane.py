"""One hostile camera of a campaign, what it plays next, and what its decoders do about it."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.fuzz.episode import Episode, Kind
from tests.fuzz.hostile_camera import HostileCamera
from tests.fuzz.verdict import Verdict
from tests.harness.service_process import Event

_GIVE_UP_S = 20.0
_DIED = re.compile(r"^decoder_died: .*?(?:\(([^)]*)\))?$")


class Lane:
    """Hostile for a batch, then sound until a picture came, and again until nothing is left."""

    def __init__(
        self,
        name: str,
        draw: Callable[[], Episode | None],
        sound: Episode,
        verdict: Verdict,
        folder: Path,
        batch: int,
        transport: str,
    ) -> None:
        """Make a lane.

        Args:
            name: The camera's id.
            draw: The next hostile episode of the campaign; None when it is over.
            sound: What is played between batches.
            verdict: Gets what is found.
            folder: Where episodes that killed or hung a decoder are written.
            batch: Hostile episodes in a row.
            transport: tcp or udp.
        """
        self.name = name
        self.transport = transport
        self.done = asyncio.Event()
        self.camera = HostileCamera(self._next)
        self._draw = draw
        self._sound = sound
        self._verdict = verdict
        self._folder = folder
        self._batch = batch
        self._left = batch
        self._sound_since: float | None = None
        self._failure = ""
        self._over = False

    def note(self, event: Event) -> None:
        """Follow the service's events of this camera."""
        match event.event:
            case "started":
                self._failure = ""
            case "picture":
                self._on_picture()
            case "failed":
                self._failure = event.text
            case "closed":
                self._on_closed()

    def check(self) -> None:
        """Go on where a decoder does not come back at all; that it took so long is the finding."""
        if self._sound_since is not None and time.monotonic() - self._sound_since > _GIVE_UP_S:
            self._end_batch()

    def keep(self, ended: str) -> None:
        """Write the present episode down for `--replay`."""
        episode = self.camera.episode
        if episode is None or episode.kind is Kind.SOUND:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{episode.name}.json"
        episode.write(path, ended)
        self._verdict.kept.append(f"{path}: {ended}")

    def _next(self) -> Episode:
        if self._left > 0 and not self._over:
            episode = self._draw()
            if episode is not None:
                self._left -= 1
                return replace(episode, transport=self.transport)
            self._over = True
        if self._sound_since is None:
            self._sound_since = self.camera.ended_at
        return self._sound

    def _on_picture(self) -> None:
        playing = self.camera.episode
        if playing is None or playing.kind is not Kind.SOUND:
            self._verdict.pictures += 1
        elif self._sound_since is not None:
            self._end_batch()
            self.camera.hang_up()

    def _end_batch(self) -> None:
        assert self._sound_since is not None
        self._verdict.back_s.append(time.monotonic() - self._sound_since)
        self._sound_since = None
        self._left = self._batch
        if self._over:
            self.done.set()

    def _on_closed(self) -> None:
        """Count how a connection ended. One that the watchdog ended has not said why."""
        self._verdict.connections += 1
        playing = self.camera.episode
        if playing is None or playing.kind is Kind.SOUND:
            return
        if not self._failure:
            self._verdict.overdue += 1
            self.keep("overdue: the watchdog ended the decoder")
        elif died := _DIED.match(self._failure):
            # In brackets stands the signal; or an exit code, where it left without a word.
            self._verdict.deaths[died[1] or "unknown"] += 1
            self.keep(self._failure)
        self._verdict.ends[self._failure.partition(":")[0] or "overdue"] += 1
