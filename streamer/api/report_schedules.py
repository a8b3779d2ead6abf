"""The schedules of reports, for `web.installation.ReportSchedules`."""

from collections.abc import Sequence

from streamer.api.jobs import shown_run
from streamer.domain.actor import Actor
from streamer.errors import InputError
from streamer.reporting.schedules import ReportSchedules, ShownSchedule
from streamer.site_jobs import report_job
from streamer.storage.job_runs import PostgresJobRuns
from streamer.web.models.report_schedules import (
    NewReportSchedule,
    ReportSchedule,
    ReportScheduleChange,
)


class ApiReportSchedules:
    """Of one site."""

    def __init__(self, schedules: ReportSchedules, ledger: PostgresJobRuns) -> None:
        """Keep the collaborators."""
        self._schedules = schedules
        self._ledger = ledger

    @property
    def destinations(self) -> Sequence[str]:
        """See `web.installation`."""
        return [one.id for one in self._schedules.destinations]

    async def listed(self) -> Sequence[ReportSchedule]:
        """See `web.installation`."""
        return [await self._shown(one) for one in await self._schedules.listed()]

    async def add(self, wanted: NewReportSchedule, by: Actor) -> ReportSchedule:
        """See `web.installation`."""
        return await self._shown(await self._schedules.add(wanted.model_dump(mode="json"), by))

    async def change(
        self, schedule_id: str, wanted: ReportScheduleChange, by: Actor
    ) -> ReportSchedule | None:
        """See `web.installation`."""
        given = wanted.model_dump(mode="json", exclude_none=True)
        paused = given.pop("paused", None)
        try:
            found = await self._schedules.change(schedule_id, given, by, paused=paused)
        except InputError as error:
            if error.code == "schedule_unknown":
                return None
            raise
        return await self._shown(found)

    async def remove(self, schedule_id: str, by: Actor) -> bool:
        """See `web.installation`."""
        try:
            await self._schedules.remove(schedule_id, by)
        except InputError as error:
            if error.code == "schedule_unknown":
                return False
            raise
        return True

    async def _shown(self, one: ShownSchedule) -> ReportSchedule:
        newest = await self._ledger.runs(report_job(one.schedule.id), 1)
        kept = one.kept
        return ReportSchedule(
            **one.schedule.model_dump(mode="json"),
            source="settings" if kept is None else "console",
            paused=kept is not None and kept.paused,
            runs=one.runs,
            changed_by=None if kept is None else kept.changed_by,
            changed_at=None if kept is None else kept.changed_at,
            next_due_at=one.next_due_at,
            last=shown_run(newest[0]) if newest else None,
        )
