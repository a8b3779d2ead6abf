"""A site's calibrations of a pack, and what they are made of."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from uuid import uuid4

from streamer.crypto.vault import Vault
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.site_calibration import SiteCalibration
from streamer.domain.template import Template
from streamer.storage.audit import append
from streamer.storage.gallery_source import unsealed
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class ReviewTally:
    """What people said about matches that would have been accepted.

    Attributes:
        decided: How many were looked at.
        wrong: Of these, how many were not the patient.
        expired: How many nobody looked at in time.
    """

    decided: int
    wrong: int
    expired: int


class PostgresCalibrations:
    """Those of one site and pack."""

    def __init__(self, postgres: Postgres, vault: Vault, site_id: str, pack_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._vault = vault
        self._site_id = site_id
        self._pack_id = pack_id

    async def newest(self) -> SiteCalibration | None:
        """The one in force; None where the pack was never calibrated here.

        Raises:
            DatabaseError: It refuses.
        """
        return await newest_calibration(self._postgres, self._site_id, self._pack_id)

    async def save(self, made: SiteCalibration) -> None:
        """Write a calibration; earlier ones stay as a record.

        Raises:
            DatabaseError: It is not known to be written.
        """
        calibration_id = uuid4()
        event = AuditEvent(
            AuditKind.SETTINGS_CHANGE,
            AuditAction.CREATE,
            made.made_by,
            made.made_at,
            entity_type="calibration",
            entity_id=str(calibration_id),
            detail=(("pack", made.pack_id), ("accept_fpir", made.accept_fpir)),
        )
        async with self._postgres.transaction() as connection:
            await append(connection, self._site_id, [event])
            await connection.execute(
                sql("insert_calibration"),
                calibration_id,
                self._site_id,
                made.pack_id,
                made.made_at,
                made.made_by,
                made.figures,
                made.accept_fpir,
                made.patients,
                made.impostor_pairs,
                made.decided_reviews,
                made.wrong_reviews,
                made.impostor_tail,
            )

    async def templates(self, now: datetime, by: Actor) -> list[Template]:
        """Return those of every patient who consents at `now`, decrypted; the audit says that.

        Raises:
            DatabaseError: It refuses.
        """
        async with self._postgres.transaction() as connection:
            rows = await connection.fetch(
                sql("consenting_templates"), self._site_id, self._pack_id, now
            )
            event = AuditEvent(
                AuditKind.TEMPLATE_READ,
                AuditAction.READ,
                by.name,
                now,
                reason="calibration",
                detail=(("templates", len(rows)), ("pack", self._pack_id)),
            )
            await append(connection, self._site_id, [event])
        opened, _ = await asyncio.to_thread(unsealed, rows, self._vault)
        return opened

    async def genuine_scores(self) -> list[float]:
        """Return each enrolment photo's score with the mean of the others, lowest first."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("genuine_scores"), self._site_id, self._pack_id)
        return [row["score"] for row in rows]

    async def reviews(self) -> ReviewTally:
        """What people have said so far; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(sql("review_tally"), self._site_id, self._pack_id)
        assert row is not None
        return ReviewTally(**row)

    async def reviews_between(self, first: date, last: date, zone: tzinfo) -> tuple[int, int]:
        """Return how many matches people looked at on some days, and how many were rejected."""
        async with self._postgres.connection() as connection:
            row = await connection.fetchrow(
                sql("reviews_between"),
                self._site_id,
                self._pack_id,
                LocalDay(first, zone).start,
                LocalDay(last, zone).end,
            )
        assert row is not None
        return row["decided"], row["rejected"]

    async def largest_gallery(self) -> int | None:
        """The largest gallery that was ever searched; None before the first search."""
        async with self._postgres.connection() as connection:
            largest: int | None = await connection.fetchval(
                sql("largest_gallery"), self._site_id, self._pack_id
            )
        return largest


async def newest_calibration(
    postgres: Postgres, site_id: str, pack_id: str
) -> SiteCalibration | None:
    """The one in force, for whoever has no key; raises DatabaseError."""
    async with postgres.connection() as connection:
        row = await connection.fetchrow(sql("newest_calibration"), site_id, pack_id)
    return SiteCalibration(pack_id=pack_id, **row) if row is not None else None
