"""How often codes were tried in vain, by device, patient and site.

Asked by `checkin.codes.redeeming` before anything is evaluated. The rule itself is
`checkin.codes.limits`; here it is applied to the rows, many attempts at once.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Protocol

from streamer.domain.actor import Actor
from streamer.domain.attempt import Attempt, Failure
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind, AuditOutcome
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.local_day import LocalDay
from streamer.storage.own_patients import practitioner_refs_of
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql
from streamer.storage.refusals import refusals_recorded

_NOBODY = "nobody"


class Scope(StrEnum):
    """Whose failures."""

    DEVICE = "device"
    PATIENT = "patient"


class Rule(Protocol):
    """`checkin.codes.limits.Limits` is one."""

    @property
    def forgive_s(self) -> float:
        """One failure is forgotten after so long."""
        ...

    @property
    def day(self) -> int:
        """Failures on a day, at most."""
        ...

    @property
    def site_day(self) -> int:
        """Failures of the site on a day, beyond which the strict waits hold."""
        ...

    @property
    def waits_s(self) -> tuple[float, ...]:
        """The wait after so many failures."""
        ...

    @property
    def strict_waits_s(self) -> tuple[float, ...]:
        """The same while the site is being guessed at."""
        ...


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """What failed today at a device, or (scope `site`) everywhere.

    Attributes:
        blocked_until: UTC; None where nothing has to wait.
    """

    scope: str
    subject: str
    today: int
    blocked_until: datetime | None


class PostgresAttempts:
    """Counts, in the one database that all processes share."""

    def __init__(
        self, postgres: Postgres, site_id: str, zone: tzinfo, device: Rule, patient: Rule
    ) -> None:
        """Keep the collaborators and what devices and patients may do wrong."""
        self._postgres = postgres
        self._site_id = site_id
        self._zone = zone
        self._rules = {Scope.DEVICE: device, Scope.PATIENT: patient}

    async def begin(self, device_id: str, now: datetime) -> Attempt | None:
        """Count an attempt; None where the device has to wait, and nothing may be evaluated.

        Raises:
            DatabaseError: Nothing is known, so nothing may be evaluated either.
        """
        async with self._postgres.connection() as connection:
            return await self._count(connection, Scope.DEVICE, device_id, now)

    async def succeeded(self, attempt: Attempt) -> None:
        """Take the attempt back: it was none in vain."""
        async with self._postgres.connection() as connection:
            await connection.execute(
                sql("take_attempt_back"),
                self._site_id,
                Scope.DEVICE,
                attempt.subject,
                attempt.blocked_until,
            )

    async def failed(self, failure: Failure, now: datetime) -> None:
        """Count a failure for the site, and for the patient where it is known whose it was.

        The audit says so, in the same transaction.
        """
        patient = _NOBODY if failure.patient_id is None else str(failure.patient_id)
        async with self._postgres.transaction() as connection:
            await self._count(connection, Scope.PATIENT, patient, now)
            if failure.guessed:
                day = LocalDay.containing(now, self._zone).day
                await connection.execute(sql("count_site_failure"), self._site_id, day, now)
            event = AuditEvent(
                AuditKind.CODE_ATTEMPT,
                AuditAction.EXECUTE,
                failure.by,
                now,
                AuditOutcome.MINOR_FAILURE,
                failure.patient_id,
                "device",
                failure.device_id,
                failure.flaw.replace(" ", "-"),
            )
            await append(connection, self._site_id, [event])

    async def forgive(self, scope: Scope, subject: str, by: Actor, now: datetime) -> bool:
        """The desk has helped: forget the failures; False where there were none.

        Raises:
            InputError: By a practitioner: at every device their own patients' codes are taken, too,
                and a wait that they end is one more try at those.
            DatabaseError: Nothing is known to be forgotten.
        """
        event = AuditEvent(
            AuditKind.CODE_ATTEMPT,
            AuditAction.UPDATE,
            by.name,
            now,
            entity_type=scope.value,
            entity_id=subject,
            reason="forgiven",
        )
        async with (
            refusals_recorded(self._postgres, self._site_id, event),
            self._postgres.transaction() as connection,
        ):
            refs = await practitioner_refs_of(connection, self._site_id, by)
            if refs:
                raise InputError(
                    f"{by.name}: is practitioner {refs[0]}, and codes of their own patients are "
                    f"taken at {subject}, too; somebody else has to look who was trying there, and "
                    "unblock it"
                )
            done = await connection.execute(sql("forgive_attempts"), self._site_id, scope, subject)
            forgiven = not done.endswith(" 0")
            await append(connection, self._site_id, [event] if forgiven else [])
        return forgiven

    async def listed(self, now: datetime) -> list[AttemptRow]:
        """Today's failures by device, and the site's."""
        day = LocalDay.containing(now, self._zone).day
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_attempts"), self._site_id, day, now)
        return [AttemptRow(**row) for row in rows]

    async def _count(
        self, connection: Connection, scope: Scope, subject: str, now: datetime
    ) -> Attempt | None:
        rule, span = self._rules[scope], LocalDay.containing(now, self._zone)
        until = await connection.fetchval(
            sql("count_attempt"),
            self._site_id,
            scope,
            subject,
            span.day,
            now,
            span.end,
            list(rule.waits_s),
            list(rule.strict_waits_s),
            rule.forgive_s,
            rule.day,
            rule.site_day,
        )
        return None if until is None else Attempt(subject, until)
