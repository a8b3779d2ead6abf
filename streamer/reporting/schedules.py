"""The schedules of reports: those of the settings, and those that people added beside them.

Used by the site's jobs, the API and `kirdi report schedules`. Where reports may be sent to only
the settings say; those of the settings are changed there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from pydantic import ValidationError

from config.settings import Destination, ReportSchedule, Settings
from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.report.kept_schedule import KeptSchedule
from streamer.errors import InputError
from streamer.jobs.site_times import SiteTimes
from streamer.storage.report_schedules import PostgresReportSchedules, unknown_schedule

log = structlog.get_logger(__name__)

MOST: Final = 50
"""So many may be added: each is looked at every half a minute."""


@dataclass(frozen=True, slots=True)
class ShownSchedule:
    """One of either source.

    Attributes:
        schedule: What it says.
        kept: As it was added; None = it stands in the settings.
        why_not: Why it does not run, though nobody paused it; None = it does.
        next_due_at: When it is due next, in UTC; None = never, or it does not run.
    """

    schedule: ReportSchedule
    kept: KeptSchedule | None = None
    why_not: str | None = None
    next_due_at: datetime | None = None

    @property
    def runs(self) -> bool:
        """Are reports made by it?"""
        return self.why_not is None and not (self.kept is not None and self.kept.paused)


class ReportSchedules:
    """Of one site; every method raises DatabaseError."""

    def __init__(self, settings: Settings, store: PostgresReportSchedules, clock: Clock) -> None:
        """Keep the collaborators."""
        self._settings = settings
        self._store = store
        self._clock = clock

    @property
    def destinations(self) -> Sequence[Destination]:
        """Where reports may be sent to."""
        return self._settings.destinations

    async def listed(self) -> Sequence[ShownSchedule]:
        """All of them: those of the settings first."""
        zone, now = self._settings.site.zone, self._clock.now()
        shown: list[ShownSchedule] = []
        for one in both(self._settings, await self._store.listed()):
            due = SiteTimes(one.schedule.cron, zone).next_after(now) if one.runs else None
            shown.append(ShownSchedule(one.schedule, one.kept, one.why_not, due))
        return shown

    async def in_force(self) -> Sequence[ReportSchedule]:
        """Those by which reports are made and sent."""
        found = both(self._settings, await self._store.listed())
        return tuple(one.schedule for one in found if one.runs)

    async def find(self, schedule_id: str) -> ShownSchedule:
        """Return one of either source; raises InputError where there is none."""
        for one in await self.listed():
            if one.schedule.id == schedule_id:
                return one
        raise unknown_schedule(schedule_id)

    async def add(self, given: Mapping[str, Any], by: Actor) -> ShownSchedule:
        """Add one: what it says are the keys of `report_schedules` in the settings.

        Raises:
            InputError: It can't be used; says why.
        """
        schedule = self._checked(given, ())
        if any(one.id == schedule.id for one in self._settings.report_schedules):
            raise InputError(
                f"schedule {schedule.id}: the settings have one of this name; choose another",
                code="schedule_taken",
            )
        if len(await self._store.listed()) >= MOST:
            raise InputError(
                f"there are {MOST} schedules already; remove one first", code="too_many_schedules"
            )
        await self._store.add(_kept(schedule, by, self._clock.now(), paused=False))
        return await self.find(schedule.id)

    async def change(
        self, schedule_id: str, given: Mapping[str, Any], by: Actor, *, paused: bool | None = None
    ) -> ShownSchedule:
        """Change what is given, pause it or let it go on (None = as it is).

        Raises:
            InputError: It can't be used; there is none; or it stands in the settings.
        """
        kept = next(
            (one for one in await self._store.listed() if one.schedule_id == schedule_id), None
        )
        if kept is None:
            raise self._not_ours(schedule_id)
        schedule = self._checked(_given(kept) | dict(given), kept.to)
        stays = kept.paused if paused is None else paused
        await self._store.change(_kept(schedule, by, self._clock.now(), paused=stays))
        return await self.find(schedule_id)

    async def remove(self, schedule_id: str, by: Actor) -> None:
        """Remove one; what it made and sent stays.

        Raises:
            InputError: There is none; or it stands in the settings.
        """
        known = {one.schedule_id for one in await self._store.listed()}
        if schedule_id not in known:
            raise self._not_ours(schedule_id)
        await self._store.remove(schedule_id, by, self._clock.now())

    def _not_ours(self, schedule_id: str) -> InputError:
        if any(one.id == schedule_id for one in self._settings.report_schedules):
            return InputError(
                f"schedule {schedule_id}: stands in the settings; change it there",
                code="schedule_of_settings",
            )
        return unknown_schedule(schedule_id)

    def _checked(self, given: Mapping[str, Any], kept_to: Sequence[str]) -> ReportSchedule:
        """Check it; `kept_to`: what the settings name no more, and keeps nobody from pausing."""
        try:
            schedule = ReportSchedule.model_validate(dict(given))
        except ValidationError as error:
            raise InputError(_said(error), code="schedule_wrong") from error
        if len(set(schedule.to)) < len(schedule.to):
            raise InputError(f"schedule {schedule.id}: name each destination once")
        known = [one.id for one in self._settings.destinations]
        for one in schedule.to:
            if one not in known and one not in kept_to:
                raise InputError(
                    f"schedule {schedule.id}: destination {one!r} is not in the settings, which "
                    f"name {', '.join(known) or 'none'}",
                    code="destination_unknown",
                )
        times = SiteTimes(schedule.cron, self._settings.site.zone)
        if times.next_after(self._clock.now()) is None:
            raise InputError(
                f"schedule {schedule.id}: {schedule.cron} is never due; correct day and month",
                code="schedule_wrong",
            )
        return schedule


def both(settings: Settings, kept: Sequence[KeptSchedule]) -> Sequence[ShownSchedule]:
    """Return those of the settings and those that were added. Pure.

    Where both have one of a name, that of the settings runs. What an older or newer version has
    kept and this one can't read does not run, and keeps nobody else from running.
    """
    found = [ShownSchedule(one) for one in settings.report_schedules]
    taken = {one.id for one in settings.report_schedules}
    for one in kept:
        try:
            schedule = ReportSchedule.model_validate(_given(one))
        except ValidationError as error:
            log.error("schedule not read", schedule=one.schedule_id, reason=_said(error))
            continue
        why = "the settings have one of this name, which runs" if schedule.id in taken else None
        found.append(ShownSchedule(schedule, one, why))
    return found


def _given(kept: KeptSchedule) -> dict[str, Any]:
    return {
        "id": kept.schedule_id,
        "kind": kept.kind,
        "cron": kept.cron,
        "forms": kept.forms,
        "language": kept.language,
        "to": kept.to,
        "every_revision": kept.every_revision,
    }


def _kept(schedule: ReportSchedule, by: Actor, now: datetime, *, paused: bool) -> KeptSchedule:
    return KeptSchedule(
        schedule_id=schedule.id,
        kind=schedule.kind,
        cron=schedule.cron,
        forms=schedule.forms,
        language=schedule.language,
        to=schedule.to,
        every_revision=schedule.every_revision,
        paused=paused,
        changed_by=by.name,
        changed_at=now,
    )


def _said(error: ValidationError) -> str:
    """Say what is wrong in one line, without repeating what was given but where we do ourselves."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(one) for one in first["loc"]) or "schedule"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
