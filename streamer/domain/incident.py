"""What is known of a breach of personal data: who is affected, who accessed what, what is due when.

Read by `storage.incident_facts`, written down by `exchange.incident_papers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Breach(StrEnum):
    """What came into wrong hands, as far as is known."""

    KEYS = "keys"
    """The key-encryption key: with the database, everything that is sealed can be read."""
    DATABASE = "database"
    """The database or a backup, without the key: references and visits can be read."""
    CAMERA = "camera"
    """A camera's pictures; recognised patients are known, everybody else is not."""
    ACCOUNT = "account"
    """An account of staff: whatever it did or looked at, by the audit."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an incident is about.

    Attributes:
        found_at: When the clinic learnt of it, aware: the term of the notice runs from then.
        cameras: Of which cameras; empty = of all. Only where `Breach.CAMERA` is among `what`.
        accounts: Of which accounts, as the audit names them. Needed for `Breach.ACCOUNT`.
    """

    begins: datetime
    ends: datetime
    found_at: datetime
    what: tuple[Breach, ...]
    cameras: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Affected:
    """A patient to be told, with what the rules of notification ask for. Personal data.

    Attributes:
        contacts: Guardians' names and phones, where the patient is a minor or has no phone.
        why: By which kinds of breach.
    """

    patient_ref: str
    full_name: str = field(repr=False)
    id_number: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    language: str | None
    minor: bool
    contacts: tuple[tuple[str, str | None], ...] = field(repr=False)
    had_template: bool
    why: tuple[Breach, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """What an account did in the time, by the audit."""

    actor: str
    kind: str
    action: str
    outcome: str
    events: int
    patients: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What Kirdi can say.

    Attributes:
        affected: Patients whose record is still there.
        erased: How many of the affected were erased since: nobody knows any more who they are.
        by_breach: How many patients are affected by each kind.
        accesses: By account, most first.
    """

    incident_id: UUID
    site_name: str
    scope: Scope
    affected: tuple[Affected, ...] = field(repr=False)
    erased: int
    by_breach: Mapping[Breach, int]
    accesses: tuple[Access, ...]
