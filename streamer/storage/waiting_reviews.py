"""Reviews that wait: conflicts shown by a code, at the desk or by hand; and which faces do.

The former are opened inside the transaction that takes the code or writes the comparison, and are
touched last in it, as in every other: so no two transactions wait for each other in a circle.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final
from uuid import UUID

import asyncpg

from streamer.domain.actor import SERVICE, Actor
from streamer.domain.check_in import EvidenceGrade, Method
from streamer.domain.decision import Reason
from streamer.domain.presence import PresenceFlag
from streamer.domain.review import LIFETIME, Review
from streamer.domain.shown_review import ShownReview
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql

_MOST_SHOWN: Final = 100


class PostgresWaitingReviews:
    """Those of one site."""

    def __init__(self, postgres: Postgres, site_id: str, zone: tzinfo) -> None:
        """Keep the collaborators; `zone` says when a day ends."""
        self._postgres = postgres
        self._site_id = site_id
        self._zone = zone

    async def open(self, connection: Connection, review: ShownReview) -> bool:
        """Have a conflict wait for a person, inside the caller's transaction.

        Returns:
            False where a person has dealt with it today, or it waits already.
        """
        day = LocalDay.containing(review.opened_at, self._zone)
        vouched = review.vouched_by
        opened = await connection.fetchval(
            sql("open_shown_review"),
            review.review_id,
            review.patient_id,
            self._site_id,
            list(review.appointments),
            review.reason.value,
            review.method.value,
            review.evidence.value,
            review.building,
            review.camera_id,
            review.device_id,
            review.score,
            review.threshold,
            review.pack_id,
            review.code_id,
            None if vouched is None else vouched.name,
            [] if vouched is None else list(vouched.practitioner_refs),
            review.note,
            review.shown_at,
            review.opened_at,
            day.start,
            review.opened_at - LIFETIME,
        )
        return opened is not None

    async def shown(self, now: datetime, *, over: bool = False) -> tuple[ShownReview, ...]:
        """Return what waits, or what is over and not recorded yet; the oldest hundred.

        Raises:
            DatabaseError: It refuses.
        """
        statement = sql("shown_reviews_over" if over else "shown_reviews")
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(statement, self._site_id, now - LIFETIME, _MOST_SHOWN)
        return tuple(_shown(row) for row in rows)

    async def let_go(self, review_id: UUID) -> None:
        """Forget one; raises DatabaseError. One that is not there is fine."""
        async with self._postgres.connection() as connection:
            await connection.execute(
                sql("forget_waiting_reviews"), self._site_id, [review_id], None, None, []
            )

    async def keep(self, opened: Sequence[Review], gone: Sequence[UUID]) -> None:
        """Note that these faces wait, and those no more; raises DatabaseError."""
        rows = [
            (
                one.review_id,
                candidate.patient_id,
                self._site_id,
                candidate is one.candidates[0],
                list(candidate.appointments),
                [flag.value for flag in candidate.flags],
                one.reason.value,
                one.building,
                one.camera_id,
                one.band.value,
                candidate.score,
                one.threshold,
                one.pack_id,
                one.captured_at,
                one.opened_at,
            )
            for one in opened
            for candidate in one.candidates
        ]
        async with self._postgres.transaction() as connection:
            if rows:
                await connection.execute(sql("hold_patients"), [row[1] for row in rows])
            if gone:
                await connection.execute(
                    sql("forget_waiting_reviews"), self._site_id, list(gone), None, None, []
                )
            if rows:
                # By review and patient, as everybody locks them.
                rows.sort(key=lambda row: row[:2])
                await connection.executemany(sql("keep_waiting_review"), rows)

    async def expire_left(self, now: datetime) -> int:
        """Record as expired what faces waited in a service that was killed; say how many.

        Raises:
            DatabaseError: It refuses.
        """
        async with self._postgres.transaction() as connection:
            rows = await connection.fetch(
                sql("expire_left_reviews"), self._site_id, SERVICE.name, now, LIFETIME
            )
        return len({row["review_id"] for row in rows})

    async def asked(self, now: datetime) -> list[tuple[UUID, PresenceFlag]]:
        """Return which presences a person was asked about today; raises DatabaseError."""
        rows = await self._today("asked_between", now)
        return [(row["patient_id"], PresenceFlag(row["flag"])) for row in rows]

    async def told(self, now: datetime) -> list[UUID]:
        """Return the appointments whose conflict was dealt with today; raises DatabaseError."""
        return [row["appointment_id"] for row in await self._today("told_between", now)]

    async def _today(self, statement: str, now: datetime) -> list[asyncpg.Record]:
        day = LocalDay.containing(now, self._zone)
        async with self._postgres.connection() as connection:
            return await connection.fetch(sql(statement), self._site_id, day.start, day.end)


def _shown(row: asyncpg.Record) -> ShownReview:
    vouched = row["vouched_by"]
    return ShownReview(
        review_id=row["review_id"],
        patient_id=row["patient_id"],
        appointments=tuple(row["appointment_ids"]),
        reason=Reason(row["reason"]),
        method=Method(row["method"]),
        evidence=EvidenceGrade(row["evidence"]),
        opened_at=row["opened_at"],
        shown_at=row["captured_at"],
        building=row["building"],
        camera_id=row["camera_id"],
        device_id=row["device_id"],
        code_id=row["code_id"],
        vouched_by=None if vouched is None else Actor(vouched, tuple(row["voucher_refs"])),
        note=row["note"],
        score=row["score"],
        threshold=row["threshold"],
        pack_id=row["pack_id"],
    )
