"""Makes reports, keeps them, and reads them again. Used by commands, the console and the schedule.

A stored report is always the whole site's; a department's or practitioner's is an extract of it.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from streamer.backend import Backend
from streamer.domain.actor import Actor
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.recorded_event import Detail
from streamer.domain.report.period import Period
from streamer.domain.report.report import Report, TrendPoint
from streamer.domain.report.revision import ReportState, Revision, RevisionEntry
from streamer.domain.report.row import ReportRow
from streamer.domain.report.scope import WHOLE_SITE, Scope, ScopeKind
from streamer.errors import AuditError, InputError
from streamer.reporting.making import HELPED_FROM, Answers, MadeReport, Progress, ReportMaking
from streamer.reporting.notices import settings_changed
from streamer.reporting.rare_collections import rare_collections
from streamer.reports.report_extract import ReportExtract, within
from streamer.reports.report_json import (
    content_of,
    digest_of,
    header_of,
    report_of,
)
from streamer.reports.report_maker import (
    changes_of,
)
from streamer.reports.row_json import rows_of
from streamer.storage.local_day import LocalDay
from streamer.storage.reports import KeptRevision, OpenRevision

MOST_DAYS = 366
"""Of one report."""


class ReportRuns:
    """Of one site."""

    def __init__(
        self, backend: Backend, answers: Answers | None = None, helped_from: int = HELPED_FROM
    ) -> None:
        """Keep the collaborators.

        Args:
            backend: The site's stores.
            answers: Those that were accepted; None = those given by practitioners.
            helped_from: So many appointments and claims have two processes make a report.
        """
        self._backend = backend
        self._making = ReportMaking(backend, answers or backend.replies, helped_from)
        self._reports = backend.reports

    async def make(
        self,
        period: Period,
        by: Actor,
        progress: Progress | None = None,
        scope: Scope = WHOLE_SITE,
    ) -> Revision:
        """Make a report of what is known now; return its newest revision, of the whole site.

        Where nothing differs from the one before but the moment, that one is returned and nothing
        is kept. Two makers of one period wait for each other. `scope` is what it is made for.

        Raises:
            InputError: The period lies in the future, is longer than a year, or nothing in it is
                within the scope; nothing was kept.
            ConfigError: Cameras were added, and their file cannot be read.
            DatabaseError: It refuses; nothing was kept.
            VaultError: A profile does not open.
            KirdiError: The process that helped with a long one died; nothing was kept.
        """
        clock, zone = self._backend.clock, self._backend.settings.site.zone
        if LocalDay(period.first, zone).start > clock.now():
            raise InputError(
                f"{period.first}: lies in the future; there is nothing to report yet",
                code="report_future",
            )
        if period.days > MOST_DAYS:
            raise InputError(
                f"{period.days} days are too many; ask for {MOST_DAYS} at the most",
                code="report_too_long",
            )
        async with self._reports.writing(period) as writing:
            # Another maker may have been waited for.
            now = clock.now()
            with rare_collections():
                made = await self._making.make(writing, now, progress)
            _refuse_empty(made.report, scope)
            kept = self._revision(writing, made, now, by)
            former = writing.former
            if (
                former is not None
                and former.content == kept.content
                and former.entry.state is kept.entry.state
            ):
                kept = former
            else:
                visits = made.report.total.visits
                counts = (sum(visits.verified.values()), sum(visits.unknown.values()))
                await writing.keep(kept, counts, _event(AuditAction.CREATE, kept, by, now, "made"))
        return _whole(kept)

    async def entries(self) -> list[RevisionEntry]:
        """Return all revisions there are, the newest period first; raises DatabaseError."""
        return await self._reports.entries()

    async def newest_of(self, period: Period, scope: Scope = WHOLE_SITE) -> Revision | None:
        """Return the newest revision about a period; None = there is none; raises DatabaseError."""
        kept = await self._reports.newest_of(period)
        return None if kept is None else await self._scoped(kept, scope)

    async def revision(
        self, report_id: UUID, number: int | None = None, scope: Scope = WHOLE_SITE
    ) -> Revision:
        """Return a revision, or the newest, as a whole or the part that a scope leaves of it.

        Raises:
            InputError: There is none, or nothing of it is within the scope.
            AuditError: What is kept was changed.
            DatabaseError: It refuses.
        """
        return await self._scoped(await self._reports.revision(report_id, number), scope)

    async def rows(self, revision: Revision) -> AsyncIterator[tuple[date, tuple[ReportRow, ...]]]:
        """Yield the rows of each day of a revision, within its scope, those without any too.

        Raises:
            AuditError: What is kept was changed.
            DatabaseError: It refuses.
        """
        entry, scope = revision.entry, revision.report.scope
        kept = await self._reports.revision(entry.report_id, entry.number)
        async for day, rows in self._days(kept):
            if scope == WHOLE_SITE:
                yield day, rows
            else:
                yield day, tuple(row for row in rows if within(scope, row))

    async def rows_of(self, revision: Revision, day: date) -> tuple[ReportRow, ...]:
        """Return a day's rows of a revision of the whole site; raises as `rows`."""
        entry = revision.entry
        kept = await self._reports.revision(entry.report_id, entry.number)
        return await self._day(kept, (day - entry.period.first).days)

    async def lines_of(self, revision: Revision, day: date) -> bytes:
        """Return a day's rows of the whole site, each a line of JSON; raises as `rows`."""
        entry = revision.entry
        kept = await self._reports.revision(entry.report_id, entry.number)
        return await self._checked(kept, (day - entry.period.first).days)

    async def record(self, revision: Revision, by: Actor, what: str, detail: Detail = ()) -> None:
        """Keep in the audit that somebody read, exported, sent or checked a report.

        Args:
            revision: Which.
            by: Who.
            what: A code: `read`, `export`, `verify`, `deliver`.
            detail: Figures and codes more, such as the form.
        """
        scope = revision.report.scope
        told = (("scope", scope.kind.value), ("of", scope.value), *detail)
        now = self._backend.clock.now()
        event = _event(AuditAction.READ, revision, by, now, what, told)
        await self._backend.audit_log.record([event])

    def _revision(
        self, writing: OpenRevision, made: MadeReport, now: datetime, by: Actor
    ) -> KeptRevision:
        report, former, period = made.report, writing.former, writing.period
        header = header_of(report)
        final_on = writing.final_on
        if final_on is None:
            settings = self._backend.settings
            end = LocalDay(period.last, settings.site.zone).end
            final_on = max(end, now) + timedelta(days=settings.reports.reply_days)
        # Whatever the clock says: what was final stays final.
        final = now >= final_on or (former is not None and former.entry.state is ReportState.FINAL)
        entry = RevisionEntry(
            report_id=writing.report_id,
            number=writing.number,
            period=period,
            state=ReportState.FINAL if final else ReportState.PRELIMINARY,
            made_at=now,
            made_by=by.name,
            digest=digest_of(header, made.day_digests),
            final_on=final_on,
            appointments=report.total.appointments,
            unverified=report.total.visits.unverified,
        )
        changes: Mapping[str, tuple[int, int]] = {}
        if former is not None:
            was = report_of(former.header)
            changes = {**changes_of(was, report), **settings_changed(was, report)}
        content = content_of(report, made.day_digests)
        return KeptRevision(entry, header, made.day_digests, content, changes)

    async def _scoped(self, kept: KeptRevision, scope: Scope) -> Revision:
        whole = _whole(kept)
        if scope == WHOLE_SITE:
            return whole
        _refuse_empty(whole.report, scope)
        extract = ReportExtract(whole.report, scope)
        async for day, rows in self._days(kept):
            await asyncio.to_thread(extract.add, day, rows)
        report = extract.report(await self._trend(whole, scope))
        digest = digest_of(header_of(report), extract.day_digests)
        return Revision(whole.entry, report, digest, {})

    async def _trend(self, whole: Revision, scope: Scope) -> Sequence[TrendPoint]:
        """What the same scope's earlier periods came to, as they were kept when this was made.

        A later revision of theirs changes nothing here: what was printed must stay right.
        """
        found: list[TrendPoint] = []
        for point in whole.report.trend[:-1]:
            kept = await self._reports.newest_of(point.period, whole.entry.made_at)
            if kept is None:
                continue
            former = report_of(kept.header)
            groups = (
                former.departments if scope.kind is ScopeKind.DEPARTMENT else former.practitioners
            )
            for group in groups:
                if group.scope == scope:
                    visits = group.figures.visits
                    found.append(
                        replace(
                            point,
                            appointments=group.figures.appointments,
                            verified=sum(visits.verified.values()),
                            unverified=visits.unverified,
                            unknown=sum(visits.unknown.values()),
                        )
                    )
        return found

    async def _days(self, kept: KeptRevision) -> AsyncIterator[tuple[date, tuple[ReportRow, ...]]]:
        for place in range(len(kept.day_digests)):
            yield kept.entry.period.first + timedelta(days=place), await self._day(kept, place)

    async def _day(self, kept: KeptRevision, place: int) -> tuple[ReportRow, ...]:
        return await asyncio.to_thread(rows_of, await self._checked(kept, place))

    async def _checked(self, kept: KeptRevision, place: int) -> bytes:
        entry = kept.entry
        day = entry.period.first + timedelta(days=place)
        lines = await self._reports.lines(entry.report_id, entry.number, day)
        if hashlib.sha256(lines).digest() != kept.day_digests[place]:
            raise AuditError(
                f"report {entry.report_id} revision {entry.number}: its rows of {day} are not "
                "those it was made with; keep the database and its backups, and find out who "
                "could write"
            )
        return lines


def _refuse_empty(whole: Report, scope: Scope) -> None:
    if scope == WHOLE_SITE:
        return
    is_department = scope.kind is ScopeKind.DEPARTMENT
    groups = whole.departments if is_department else whole.practitioners
    if not any(group.scope == scope for group in groups):
        name = (scope.value or "").encode("utf-8", "backslashreplace").decode()
        raise InputError(
            f"{name}: no such {scope.kind.value} has appointments or claims in the report of "
            f"{whole.period.said}; see that the {'name' if is_department else 'reference'} is right"
        )


def _whole(kept: KeptRevision) -> Revision:
    entry = kept.entry
    if digest_of(kept.header, kept.day_digests) != entry.digest:
        raise AuditError(
            f"report {entry.report_id} revision {entry.number}: what is kept is not what was made; "
            "keep the database and its backups, and find out who could write"
        )
    return Revision(entry, report_of(kept.header), entry.digest, kept.changes)


def _event(
    action: AuditAction,
    revision: KeptRevision | Revision,
    by: Actor,
    now: datetime,
    reason: str,
    detail: Detail = (),
) -> AuditEvent:
    entry = revision.entry
    period = entry.period
    return AuditEvent(
        AuditKind.EXPORT if reason in ("export", "deliver") else AuditKind.REPORT,
        action,
        by.name,
        now,
        entity_type="report",
        entity_id=str(entry.report_id),
        reason=reason,
        detail=(
            ("revision", entry.number),
            ("from", period.first.isoformat()),
            ("to", period.last.isoformat()),
            ("state", entry.state.value),
            *detail,
        ),
    )
