"""What a breach of personal data asks for, in figures: nobody is named."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from streamer.domain.incident import Breach
from streamer.web.models.base import Answer


class IncidentAccess(Answer):
    """What an account did in the time, by the audit."""

    account: str
    kind: str
    action: str
    outcome: str
    events: int
    patients: int
    first_at: datetime
    last_at: datetime


class IncidentReport(Answer):
    """Who is affected, and by when the authority has to have its notice."""

    incident_id: UUID
    site: str
    begins_at: datetime
    ends_at: datetime
    found_at: datetime
    notice_due_at: datetime = Field(description="one business day after it was found")
    what: list[Breach]
    cameras: list[str]
    accounts: list[str]
    affected: int
    with_template: int
    minors: int
    without_contact: int = Field(description="neither they nor a guardian have a phone here")
    erased: int = Field(description="of the affected; nobody knows any more who they are")
    by_breach: dict[Breach, int]
    accesses: list[IncidentAccess] = Field(description="by account, most first")
