"""Who consents to being recognised, and whom the pack in use can recognise. No names."""

from dataclasses import dataclass
from datetime import datetime

from streamer.domain.actor import Actor
from streamer.storage.page_reader import PageReader
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient with a consent in force.

    Attributes:
        packs: Ids of the packs there are templates of.
        needs_enrolment: The pack in use is not among them.
        code_only: The pack in use cannot tell the patient from somebody else: from `looks_like`.
        looks_like: References of those patients.
    """

    patient_ref: str
    consent_ref: str
    packs: tuple[str, ...]
    needs_enrolment: bool
    code_only: bool = False
    looks_like: tuple[str, ...] = ()


class PatientsList:
    """Templates of one pack are never compared with another's: a change of pack shows here."""

    def __init__(self, postgres: Postgres, site_id: str, pack_id: str) -> None:
        """Keep the collaborators; `pack_id` is the pack in use."""
        self._postgres = postgres
        self._where = (site_id, pack_id)

    async def all(self, pages: PageReader, by: Actor) -> list[PatientRow]:
        """Return everybody who consents now, by reference; the audit says who looked, at whom.

        Raises:
            DatabaseError: It refuses.
        """
        rows = await pages.whole(by, "Patient", "list_patients", (*self._where, pages.now()))
        return [
            PatientRow(
                row["patient_ref"],
                row["consent_ref"],
                tuple(row["packs"]),
                row["needs_enrolment"],
                bool(row["looks_like"]),
                tuple(row["looks_like"]),
            )
            for row in rows
        ]

    async def count_needing_enrolment(self, now: datetime) -> int:
        """How many of them the pack in use cannot recognise; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            count: int = await connection.fetchval(
                sql("count_needing_enrolment"), *self._where, now
            )
        return count
