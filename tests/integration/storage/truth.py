"""What must be true of a day, whatever has happened in it. Asked after every act."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from streamer.domain.check_in import CheckIn, Recorded

_RANK = {
    **dict.fromkeys(("proposed", "waitlist", "pending", "booked"), 0),
    **dict.fromkeys(("arrived",), 1),
    **dict.fromkeys(("checked-in", "noshow"), 2),
    **dict.fromkeys(("fulfilled", "cancelled", "entered-in-error"), 3),
}
_EXPECTED = ("booked", "pending")


@dataclass
class Told:
    """What the acts so far have led to, as whoever did them was told.

    Attributes:
        accepted: By event; of each somebody must be told what became of it.
        answers: What became of them.
        withdrawn: Patients who do not consent now.
        withdrawn_at: When each has last withdrawn, whatever they have signed since.
        blocked: Patients whose face was somebody else's today.
    """

    accepted: dict[UUID, CheckIn] = field(default_factory=dict)
    answers: dict[UUID, Recorded] = field(default_factory=dict)
    withdrawn: set[UUID] = field(default_factory=set)
    withdrawn_at: dict[UUID, datetime] = field(default_factory=dict)
    blocked: set[UUID] = field(default_factory=set)


class Truth:
    """Looks at the database by a connection of its own, and remembers what it saw last."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", told: Told) -> None:
        self._connection = connection
        self._told = told
        self._changes = 0
        self._written: set[UUID] = set()
        self._gone: set[UUID] = set()
        self._withdrawn_at: dict[UUID, datetime] = {}
        self.statuses: dict[UUID, str] = {}

    async def check(self, imported: frozenset[UUID], spooled: Callable[[], set[UUID]]) -> None:
        """Look at everything once.

        Args:
            imported: Appointments whose status the clinic's system has just set.
            spooled: Says which events wait on disk.
        """
        rows = await self._connection.fetch("SELECT appointment_id, status FROM appointments")
        statuses = {row["appointment_id"]: row["status"] for row in rows}
        check_ins = await self._connection.fetch(
            "SELECT event_id, appointment_id, patient_id, method, undone_at, consent_id, "
            "occurred_at FROM check_ins"
        )
        changes = await self._connection.fetch(
            "SELECT change_id, appointment_id, from_status, to_status FROM status_changes "
            "WHERE change_id > $1 ORDER BY change_id",
            self._changes,
        )
        active = [row["appointment_id"] for row in check_ins if row["undone_at"] is None]
        assert len(active) == len(set(active)), "two check-ins in force for one appointment"
        self._check_statuses(statuses, changes, imported)
        self._check_faces(check_ins)
        await self._check_waiting()
        self._check_accepted({row["event_id"] for row in check_ins}, spooled)

    def _check_statuses(
        self,
        statuses: dict[UUID, str],
        changes: Sequence[asyncpg.Record],
        imported: frozenset[UUID],
    ) -> None:
        """Each status is the one before, with what Kirdi recorded and what was imported."""
        expected = dict(self.statuses)
        for row in changes:
            key, before, after = row["appointment_id"], row["from_status"], row["to_status"]
            if key not in imported:
                assert before == expected[key], "a change begins where no status was"
            forwards = before in _EXPECTED and after == "arrived"
            assert forwards or (before, after) == ("arrived", "booked"), f"{before} to {after}"
            expected[key] = after
            self._changes = row["change_id"]
        for key, status in statuses.items():
            if key in imported:
                assert _RANK[status] >= _RANK[expected[key]], f"{expected[key]} became {status}"
            else:
                assert status == expected[key], f"{expected[key]} became {status} unrecorded"
        self.statuses = statuses

    def _check_faces(self, check_ins: Sequence[asyncpg.Record]) -> None:
        """Nothing is written of a match after a withdrawal or a block, whenever it was made."""
        for row in check_ins:
            if row["event_id"] in self._written or row["method"] not in ("face", "desk"):
                continue
            assert row["consent_id"] is not None
            assert row["patient_id"] not in self._gone, "a match of no use any more"
            withdrawn_at = self._withdrawn_at.get(row["patient_id"])
            assert withdrawn_at is None or row["occurred_at"] >= withdrawn_at, "seen before that"
        self._written = {row["event_id"] for row in check_ins}
        self._gone = self._told.withdrawn | self._told.blocked
        self._withdrawn_at = dict(self._told.withdrawn_at)

    async def _check_waiting(self) -> None:
        """Nothing waits that a person has decided, or that was noted as over."""
        decided = await self._connection.fetchval(
            "SELECT count(*) FROM waiting_reviews JOIN reviews USING (review_id, patient_id)"
        )
        assert decided == 0, "a decided review waits"
        unmade = await self._connection.fetchval(
            "SELECT count(*) FROM check_ins c JOIN codes k ON k.patient_id = c.patient_id "
            "AND k.redeemed_at IS NULL AND k.revoked_at IS NULL AND c.undone_at IS NULL "
            "AND c.method = 'code' AND c.occurred_at >= k.issued_at"
        )
        assert unmade == 0, "a code has arrived somewhere and is still good"

    def _check_accepted(self, written: set[UUID], spooled: Callable[[], set[UUID]]) -> None:
        """What was accepted waits in the spool, or somebody has been told what became of it."""
        unanswered = self._told.accepted.keys() - self._told.answers.keys()
        if unanswered:
            assert unanswered <= spooled(), "an accepted check-in is lost"
        for event_id, answer in self._told.answers.items():
            assert answer is not Recorded.REFUSED_UNKNOWN
            if answer is Recorded.WRITTEN:
                assert event_id in written, "said to be written, and is not there"
