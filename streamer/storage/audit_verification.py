"""Verifies the audit: the database's chains, and what is known of them outside.

Called by `audit_check` and where a backup is restored. Rows are read in portions from one
snapshot; `audit_chain` judges.
"""

from dataclasses import dataclass, replace
from typing import Final

from streamer.storage.audit_chain import ChainVerifier, EventRow, KnownHeads, LaneRow, Verdict
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

_PORTION: Final = 5_000
_TRIGGERS: Final = frozenset(
    {
        "audit_inbox.kirdi_audit_link",
        "audit_events.kirdi_audit_guard",
        "audit_lanes.kirdi_audit_guard",
    }
)


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """Of one site; writes nothing."""

    postgres: Postgres
    site_id: str

    async def verify(self, known: KnownHeads) -> Verdict:
        """Look at every event; raises DatabaseError."""
        async with (
            self.postgres.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            return await verify_audit(connection, self.site_id, known)


async def verify_audit(connection: Connection, site_id: str, known: KnownHeads) -> Verdict:
    """As `AuditVerification.verify`, inside the caller's transaction."""
    rows = await connection.fetch(sql("audit_lanes_of"), site_id)
    verifier = ChainVerifier(site_id, [LaneRow(**row) for row in rows], known)
    cursor = await connection.cursor(sql("audit_chain"), site_id)
    while portion := await cursor.fetch(_PORTION):
        for row in portion:
            verifier.take(EventRow(**row))
    verdict = verifier.finish()
    findings = list(verdict.findings)
    left_over = await connection.fetchval(sql("audit_left_over"), site_id)
    if left_over:
        findings.append(f"inbox: {left_over} event(s) were committed without being linked")
    there = {row["name"] for row in await connection.fetch(sql("audit_triggers"))}
    findings += [
        f"trigger {name}: is missing or switched off; events may be changed, or not be linked"
        for name in sorted(_TRIGGERS - there)
    ]
    return replace(verdict, findings=tuple(findings))
