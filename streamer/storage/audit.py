"""Writes audit events inside the transaction they describe. Used by every store that acts.

The database links them to the site's chains at the commit (`m0010_audit`): an event is there if and
only if what it describes is.
"""

import json
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from streamer.domain.audit_event import AuditEvent, AuditOutcome
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql

MOST_NAMED: Final = 200
"""Whom or what one event names, at most; several events name more."""


def listed(ids: Iterable[UUID]) -> str | None:
    """Return our ids as an event's detail names several; None = nobody."""
    return ",".join(map(str, ids)) or None


async def append(connection: Connection, site_id: str, events: Iterable[AuditEvent]) -> None:
    """Have events recorded when the transaction commits.

    Args:
        connection: In a transaction.
        site_id: Whose audit.
        events: In order.

    Raises:
        DatabaseError: Nothing is recorded, and the transaction is lost.
    """
    bodies = [body_of(one) for one in events]
    if bodies:
        await connection.execute(sql("append_audit"), site_id, bodies)


async def append_if_known(connection: Connection, site_id: str, event: AuditEvent) -> None:
    """As `append`, for what may name a site that this database never heard of.

    There nothing was done, and there is no chain: what is left is the log's.
    """
    if event.outcome is AuditOutcome.SUCCESS or await connection.fetchval(
        sql("site_exists"), site_id
    ):
        await append(connection, site_id, [event])


def body_of(event: AuditEvent) -> str:
    """Return the event as the text that is hashed: JSON, keys sorted, empty ones left out."""
    said = {
        "kind": event.kind.value,
        "action": event.action.value,
        "actor": event.actor,
        "occurred_at": event.occurred_at.isoformat(),
        "outcome": event.outcome.value,
        "patient_id": str(event.patient_id) if event.patient_id is not None else None,
        "entity_type": event.entity_type,
        "entity_id": event.entity_id,
        "reason": event.reason,
        "detail": {name: value for name, value in event.detail if value is not None},
    }
    kept = {name: value for name, value in said.items() if value not in (None, "", {})}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
