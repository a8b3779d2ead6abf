"""Verifies the audit with all there is: its chains, and the checkpoints outside the database.

Called by `kirdi audit verify` and, through the API, by the console: both say the same.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from streamer.clock import Clock
from streamer.crypto.checkpoint_seal import CheckpointSeal
from streamer.domain.actor import Actor
from streamer.storage.audit_chain import KnownHeads, Verdict
from streamer.storage.checkpoint_file import CheckpointsRead, is_there, read_checkpoints


class ReadAudit(Protocol):
    """What is asked of the audit itself. `AuditLog` is one."""

    async def oldest_at(self) -> datetime | None:
        """When its oldest event was recorded; raises DatabaseError."""
        ...

    async def record_reading(self, by: Actor, reason: str) -> None:
        """Keep that somebody reads it; raises DatabaseError."""
        ...


class VerifiesChains(Protocol):
    """Looks at every event. `AuditVerification` is one."""

    async def verify(self, known: KnownHeads) -> Verdict:
        """Raises DatabaseError."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out.

    Attributes:
        verdict: Of the chains.
        read: Of the checkpoints.
        findings: What is wrong and where, of both; none = it is as it was written.
        notes: What is no sign of tampering, and should be known.
    """

    verdict: Verdict
    read: CheckpointsRead
    findings: tuple[str, ...]
    notes: tuple[str, ...]


class AuditCheck:
    """Of one site."""

    def __init__(
        self,
        log: ReadAudit,
        verification: VerifiesChains,
        seal: CheckpointSeal,
        site_id: str,
        path: Path,
        every: timedelta,
        clock: Clock,
    ) -> None:
        """Keep the collaborators.

        Args:
            log: Of the site.
            verification: Likewise.
            seal: Tells who wrote a checkpoint.
            site_id: Whose audit.
            path: Where checkpoints are written; it need not be there.
            every: How often they are.
            clock: Says what must have been written by now.
        """
        self._log = log
        self._verification = verification
        self._seal = seal
        self._site_id = site_id
        self._path = path
        self._every = every
        self._clock = clock

    async def run(self, given: Sequence[Path], by: Actor) -> Checked:
        """Look at everything; that somebody did is in the audit first.

        Args:
            given: Files of checkpoints, the oldest first; none = the one that is written.
            by: Who looks.

        Raises:
            InputError: A file cannot be read.
            DatabaseError: The database refuses.
        """
        oldest = await self._log.oldest_at()
        paths = tuple(given)
        if not paths and await asyncio.to_thread(is_there, self._path):
            paths = (self._path,)
        read = await asyncio.to_thread(read_checkpoints, paths, self._seal, self._site_id)
        await self._log.record_reading(by, "verify")
        verdict = await self._verification.verify(read.known)
        findings, notes = [*verdict.findings, *read.findings], list(read.notes)
        if not paths:
            told = (
                f"{self._path}: is not there; a chain that was written anew as a whole does not "
                "show without checkpoints"
            )
            # Whatever came before has left one: the file was there, and somebody has taken it.
            late = oldest is not None and oldest <= self._clock.now() - 2 * self._every
            (findings if late else notes).append(told)
        elif oldest is not None and _begins_late(read.first_at, oldest + 2 * self._every):
            # A file that was taken away is begun anew within a minute.
            notes.append(
                f"checkpoints: the oldest one here is of {read.first_at}, and the audit goes back "
                f"to {oldest.isoformat()}; what is older was held against none. If there is a file "
                "that was moved aside, give it first; if nobody moved one, it was taken away"
            )
        return Checked(verdict, read, tuple(findings), tuple(notes))


def _begins_late(first_at: str, latest: datetime) -> bool:
    """Is the oldest checkpoint younger than it may be? One without a readable time is a finding."""
    try:
        return bool(first_at) and datetime.fromisoformat(first_at) > latest
    except (ValueError, TypeError):
        return False
