"""Schedules of reports that were added beside the settings; see `streamer.reporting.schedules`.

Who changed one, and how, is in the audit in the same transaction.
"""

from datetime import datetime

from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.report.kept_schedule import KeptSchedule
from streamer.errors import InputError
from streamer.storage.audit import append
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


class PostgresReportSchedules:
    """Of one site; every method raises DatabaseError."""

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    async def listed(self) -> tuple[KeptSchedule, ...]:
        """All that were not removed, by name."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_report_schedules"), self._site_id)
        return tuple(
            KeptSchedule(
                schedule_id=row["schedule_id"],
                kind=row["kind"],
                cron=row["cron"],
                forms=tuple(row["forms"]),
                language=row["language"],
                to=tuple(row["destinations"]),
                every_revision=row["every_revision"],
                paused=row["paused"],
                changed_by=row["changed_by"],
                changed_at=row["changed_at"],
            )
            for row in rows
        )

    async def add(self, schedule: KeptSchedule) -> None:
        """Keep a new one; raises InputError where there is or was one of its name."""
        async with self._postgres.transaction() as connection:
            made = await connection.fetchval(
                sql("insert_report_schedule"),
                self._site_id,
                schedule.schedule_id,
                schedule.kind,
                schedule.cron,
                list(schedule.forms),
                schedule.language,
                list(schedule.to),
                schedule.every_revision,
                schedule.paused,
                schedule.changed_by,
                schedule.changed_at,
            )
            if made is None:
                raise InputError(
                    f"schedule {schedule.schedule_id}: there is or was one of this name, whose "
                    "runs are kept under it; choose another",
                    code="schedule_taken",
                )
            await append(connection, self._site_id, [_event(AuditAction.CREATE, schedule)])

    async def change(self, schedule: KeptSchedule) -> None:
        """Keep it as it is now, but for its kind; raises InputError where there is none."""
        async with self._postgres.transaction() as connection:
            made = await connection.fetchval(
                sql("change_report_schedule"),
                self._site_id,
                schedule.schedule_id,
                schedule.cron,
                list(schedule.forms),
                schedule.language,
                list(schedule.to),
                schedule.every_revision,
                schedule.paused,
                schedule.changed_by,
                schedule.changed_at,
            )
            if made is None:
                raise unknown_schedule(schedule.schedule_id)
            await append(connection, self._site_id, [_event(AuditAction.UPDATE, schedule)])

    async def remove(self, schedule_id: str, by: Actor, now: datetime) -> None:
        """Let it be in force no more; raises InputError where there is none."""
        async with self._postgres.transaction() as connection:
            made = await connection.fetchval(
                sql("remove_report_schedule"), self._site_id, schedule_id, by.name, now
            )
            if made is None:
                raise unknown_schedule(schedule_id)
            event = AuditEvent(
                AuditKind.SETTINGS_CHANGE,
                AuditAction.DELETE,
                by.name,
                now,
                entity_type="report-schedule",
                entity_id=schedule_id,
            )
            await append(connection, self._site_id, [event])


def unknown_schedule(schedule_id: str) -> InputError:
    """Return what says that there is none."""
    return InputError(
        f"schedule {schedule_id}: there is none of this name among those that can be changed here",
        code="schedule_unknown",
    )


def _event(action: AuditAction, schedule: KeptSchedule) -> AuditEvent:
    return AuditEvent(
        AuditKind.SETTINGS_CHANGE,
        action,
        schedule.changed_by,
        schedule.changed_at,
        entity_type="report-schedule",
        entity_id=schedule.schedule_id,
        detail=(
            ("kind", schedule.kind),
            ("cron", schedule.cron),
            ("forms", ",".join(schedule.forms)),
            ("language", schedule.language),
            ("to", ",".join(schedule.to)),
            ("every_revision", schedule.every_revision),
            ("paused", schedule.paused),
        ),
    )
