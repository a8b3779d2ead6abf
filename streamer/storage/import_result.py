"""What an import did."""

from dataclasses import dataclass
from datetime import datetime

from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Counts of records; together they are all of the file.

    Attributes:
        left_out: Of patients who were erased at their wish.
    """

    created: int
    updated: int
    unchanged: int
    left_out: int = 0


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
            ("left_out", result.left_out),
        ),
    )
