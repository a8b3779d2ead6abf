"""What the audit keeps of an import. Used by what imports."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.storage.audit import MOST_NAMED, listed
from streamer.storage.import_result import ImportResult


def import_event(entity_type: str, result: ImportResult, by: Actor, now: datetime) -> AuditEvent:
    """What the audit keeps of it: how many."""
    return AuditEvent(
        AuditKind.IMPORT,
        AuditAction.EXECUTE,
        by.name,
        now,
        entity_type=entity_type,
        detail=(
            ("created", result.created),
            ("updated", result.updated),
            ("unchanged", result.unchanged),
            ("left_out", result.left_out),
        ),
    )


def naming_events(event: AuditEvent, **named: Sequence[UUID]) -> list[AuditEvent]:
    """Have an import's event name what was changed by it, by our ids; several where it is much.

    Args:
        event: From `import_event`; the first of those that are returned.
        named: By what they are: `patients`, `appointments`.
    """
    longest = max(map(len, named.values()), default=0)
    events = []
    for start in range(0, max(longest, 1), MOST_NAMED):
        said = [(name, listed(ids[start : start + MOST_NAMED])) for name, ids in named.items()]
        part = start // MOST_NAMED + 1 if longest > MOST_NAMED else None
        counts = event.detail if start == 0 else ()
        events.append(dataclasses.replace(event, detail=(*counts, ("part", part), *said)))
    return events
