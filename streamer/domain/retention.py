"""What retention deletes, in which order, and what a run of it reports. Counts only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Kept(StrEnum):
    """Kinds of rows that have a term, in the order in which they are deleted.

    What points at something comes before what it points at.
    """

    TEMPLATES = "templates"
    CODES = "codes"
    ATTEMPTS = "attempts"
    FACE_BLOCKS = "face_blocks"
    PRESENCES = "presences"
    REVIEWS = "reviews"
    STATUS_CHANGES = "status_changes"
    CHECK_INS = "check_ins"
    CLAIMS = "claims"
    CONFIRMATIONS = "confirmations"
    REPORT_REPLIES = "report_replies"
    APPOINTMENTS = "appointments"
    CONSENTS = "consents"
    RECEIPTS = "receipts"
    PATIENTS = "patients"
    PRACTITIONERS = "practitioners"
    REPORTS = "reports"
    MATCH_COUNTS = "match_counts"
    CAMERA_UPTIME = "camera_uptime"
    TEMPLATE_READS = "template_reads"
    JOB_RUNS = "job_runs"
    RETENTION_RUNS = "retention_runs"
    API_TOKENS = "api_tokens"
    AUDIT = "audit"

    @property
    def term(self) -> str | None:
        """Whose setting (`retention.<term>_days`) is its term; None = it has none of its own."""
        return _TERMS.get(self, self.value)


_TERMS: dict[Kept, str | None] = {
    # They end with their consent.
    Kept.TEMPLATES: None,
    Kept.FACE_BLOCKS: "reviews",
    Kept.STATUS_CHANGES: "check_ins",
    # Of what was billed.
    Kept.REPORT_REPLIES: "claims",
    # With the last appointment.
    Kept.PRACTITIONERS: None,
    Kept.API_TOKENS: "tokens",
    Kept.TEMPLATE_READS: "audit",
    Kept.JOB_RUNS: "audit",
    Kept.RETENTION_RUNS: "audit",
}


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What a run did; kept in the database, without anybody's name or reference.

    Attributes:
        ended_at: None = it goes on, or was interrupted; the next run goes on from there.
        cutoffs: By term: what is older was due.
        deleted: Rows by kind; kinds of which nothing was deleted are left out.
    """

    run_id: UUID
    started_at: datetime
    ended_at: datetime | None
    run_by: str
    cutoffs: Mapping[str, datetime]
    deleted: Mapping[str, int]
