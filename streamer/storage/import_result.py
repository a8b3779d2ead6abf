"""What an import did."""

from dataclasses import dataclass
from datetime import datetime

from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts of records; together they are all of the file."""

    created: int
    updated: int
    unchanged: int


def import_event(entity_type: str, result: ImportResult, by: Actor, now: datetime) -> AuditEvent:
    """What the audit keeps of it: how many, not who."""
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
        ),
    )
