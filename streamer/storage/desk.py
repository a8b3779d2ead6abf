"""A patient at the desk: the one template to compare with, and what follows from a match.

Called by `checkin.desk_comparisons`.
"""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

import asyncpg

from streamer.clock import Clock
from streamer.crypto.vault import Vault
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.check_in import CheckIn, Recorded
from streamer.domain.presence import Presence
from streamer.domain.review_report import ArrivalReport
from streamer.domain.shown_review import ShownReview
from streamer.domain.template import Template
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.check_ins import Result
from streamer.storage.gallery_source import unsealed
from streamer.storage.own_patients import refuse_own_patient
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded

_COUNT_FOR_NOTHING: Final = frozenset(
    {Recorded.REFUSED_CONSENT, Recorded.REFUSED_BLOCKED, Recorded.REFUSED_UNKNOWN}
)


class CheckInTransaction(Protocol):
    """Writes check-ins inside a transaction; see `PostgresCheckIns`."""

    async def lock(self, connection: Connection, check_ins: Sequence[CheckIn]) -> None:
        """Lock the appointments of several before the first is written."""
        ...

    async def write(self, connection: Connection, check_in: CheckIn) -> Result:
        """Write one, or say why not."""
        ...

    async def tell(self, check_in: CheckIn, result: Result) -> None:
        """Tell what has been committed."""
        ...


class PresenceTransaction(Protocol):
    """Writes presences inside a transaction; see `PostgresPresences`."""

    async def write(self, connection: Connection, presence: Presence) -> Recorded:
        """Write one, or say why not."""
        ...


class ReviewTransaction(Protocol):
    """Has conflicts wait inside a transaction; see `PostgresWaitingReviews`."""

    async def open(self, connection: Connection, review: ShownReview) -> bool:
        """Open one, last of all."""
        ...


class PostgresDesk:
    """The site's patients, one at a time, with their consent asked for each time."""

    def __init__(
        self,
        postgres: Postgres,
        vault: Vault,
        check_ins: CheckInTransaction,
        presences: PresenceTransaction,
        reviews: ReviewTransaction,
        site_id: str,
        clock: Clock,
    ) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._vault = vault
        self._check_ins = check_ins
        self._presences = presences
        self._reviews = reviews
        self._site_id = site_id
        self._clock = clock

    async def template(self, patient_ref: str, pack_id: str, actor: Actor) -> Template:
        """Return the patient's template of the pack, decrypted, under a consent in force.

        That it was read stands in `template_reads` and in the audit.

        Raises:
            InputError: The patient is unknown, cannot be compared, or is one of the actor's own;
                says what to do instead.
            DatabaseError: It is not known.
            VaultError: The template does not open.
        """
        now = self._clock.now()
        event = AuditEvent(
            AuditKind.TEMPLATE_READ,
            AuditAction.READ,
            actor.name,
            now,
            reason="desk",
            detail=(("templates", 1), ("pack", pack_id)),
        )
        async with (
            refusals_recorded(self._postgres, self._site_id, event, patient_ref),
            self._postgres.transaction() as connection,
        ):
            row = await connection.fetchrow(
                sql("patient_at_desk"), self._site_id, patient_ref, pack_id, now
            )
            _check_comparable(row, patient_ref)
            assert row is not None
            patient_id: UUID = row["patient_id"]
            await refuse_own_patient(connection, self._site_id, actor, patient_id, now)
            await connection.execute(
                sql("record_template_read"),
                self._site_id,
                now,
                patient_id,
                pack_id,
                1,
                [],
                "desk",
            )
            event = dataclasses.replace(event, patient_id=patient_id)
            await append(connection, self._site_id, [event])
        opened, damaged = await asyncio.to_thread(unsealed, [row], self._vault)
        for _, error in damaged:
            raise error
        return opened[0]

    async def record(
        self,
        patient_id: UUID,
        actor: Actor,
        check_ins: Sequence[CheckIn],
        presences: Sequence[Presence],
        review: ShownReview | None = None,
    ) -> tuple[tuple[ArrivalReport, ...], Sequence[Recorded]]:
        """Write what follows from a match, in one transaction.

        A conflict waits for a person only where the match may count: with a consent in force and
        no block, as a presence does.

        Returns:
            What became of each check-in and of each presence, in order.

        Raises:
            InputError: The patient is one of the actor's own; nothing was written.
            DatabaseError: It is not known to be written; compare again.
        """
        results: dict[UUID, Result] = {}
        now = self._clock.now()
        attempt = AuditEvent(AuditKind.DECISION, AuditAction.CREATE, actor.name, now)
        async with (
            refusals_recorded(self._postgres, self._site_id, attempt),
            self._postgres.transaction() as connection,
        ):
            await refuse_own_patient(connection, self._site_id, actor, patient_id, now)
            await self._check_ins.lock(connection, check_ins)
            for one in check_ins:
                results[one.appointment_id] = await self._check_ins.write(connection, one)
            kept = [await self._presences.write(connection, one) for one in presences]
            if review is not None and not _COUNT_FOR_NOTHING.intersection(kept):
                await self._reviews.open(connection, review)
            rows = await connection.fetch(sql("review_appointments"), self._site_id, list(results))
        for one in check_ins:
            await self._check_ins.tell(one, results[one.appointment_id])
        refs = {row["appointment_id"]: row["appointment_ref"] for row in rows}
        arrivals = tuple(
            ArrivalReport(refs[one.appointment_id], results[one.appointment_id].recorded)
            for one in check_ins
            if one.appointment_id in refs
        )
        return arrivals, kept


def _check_comparable(row: asyncpg.Record | None, patient_ref: str) -> None:
    """Say why nobody may be compared with this patient; a code is always the other way."""
    if row is None:
        raise InputError(
            f"patient {patient_ref}: is unknown at this site; look at the reference",
            code="unknown_patient",
        )
    if row["is_staff"]:
        raise InputError(
            f"patient {patient_ref}: is staff, and staff are never checked in by face; check in by "
            "code",
            code="staff",
        )
    if row["is_deceased"]:
        raise InputError(
            f"patient {patient_ref}: is recorded as deceased; correct the import if that is wrong",
            code="deceased",
        )
    if not row["consents"]:
        raise InputError(
            f"patient {patient_ref}: has no consent in force to be recognised; check in by code or "
            "by hand",
            code="no_consent",
        )
    if row["template_id"] is None:
        raise InputError(
            f"patient {patient_ref}: is not enrolled with the model pack in use; enrol again, or "
            "check in by code or by hand",
            code="not_enrolled",
        )
    if row["is_code_only"]:
        raise InputError(
            f"patient {patient_ref}: looks too much like another patient to be told apart by face; "
            "check in by code",
            code="looks_alike",
        )
