"""Reads a period's facts for reports, a day at a time: whatever the period, a day is in memory.

Everything is of one moment: what is written meanwhile belongs to the next report.
"""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from uuid import UUID

import asyncpg

from streamer.crypto.vault import Vault
from streamer.domain.appointment_facts import AppointmentFacts
from streamer.domain.camera_state import CameraStatus
from streamer.domain.claim_facts import ClaimFacts
from streamer.domain.report_wants import ReportWants
from streamer.domain.screening_step import ScreeningStep
from streamer.domain.uptime_interval import UptimeInterval
from streamer.domain.visit_day import VisitDay
from streamer.storage.local_day import LocalDay
from streamer.storage.postgres import Connection, Postgres
from streamer.storage.queries import sql
from streamer.storage.report_evidence import ReportEvidence
from streamer.storage.report_patients import ReportPatients, Traits
from streamer.storage.visit_records import VisitRecords

_TIMEOUT_S: Final = 30.0
_MOMENT: Final = re.compile(r"[0-9A-F-]+")


@dataclass(frozen=True, slots=True)
class UptimeFacts:
    """What cameras were doing in a period and the day around it.

    Attributes:
        first_seen: When each camera that was ever in use began.
    """

    intervals: tuple[UptimeInterval, ...]
    first_seen: Mapping[str, datetime]


class OpenPeriod:
    """A period being read, in one transaction."""

    def __init__(
        self,
        connection: Connection,
        site: tuple[str, tzinfo],
        period: tuple[date, date],
        wants: ReportWants,
        producers: Mapping[str, tuple[str, ...]],
        practitioners: Mapping[bytes, tuple[str, str]],
    ) -> None:
        """Made by `VisitDays.opened`; `practitioners` are reference and name by an id's bytes."""
        self._connection = connection
        self._site_id, self._zone = site
        self._period = period
        self._wants = wants
        self._practitioners = practitioners
        self._records = VisitRecords(practitioners)
        self._patients = ReportPatients(connection, self._site_id, self._span())
        self._evidence = ReportEvidence(connection, self._site_id, wants, producers)

    async def uptime(self) -> UptimeFacts:
        """Return what covers the period's windows, or does not."""
        start, end = self._span()
        around = timedelta(days=1) + max(self._wants.before, self._wants.after)
        rows = await self._connection.fetch(
            sql("report_uptime"),
            self._site_id,
            start - around,
            end + around,
            timeout=_TIMEOUT_S,
        )
        since = await self._connection.fetch(
            sql("report_cameras_since"), self._site_id, timeout=_TIMEOUT_S
        )
        return UptimeFacts(
            tuple(
                UptimeInterval(
                    row["camera_id"],
                    CameraStatus(row["state"]),
                    row["reason"],
                    row["started_at"],
                    row["ended_at"],
                )
                for row in rows
            ),
            {row["camera_id"]: row["since"] for row in since},
        )

    async def traits(self, vault: Vault) -> Traits:
        """Return what rules about sex and age ask of the period's patients.

        Raises:
            VaultError: A profile does not open.
        """
        return await self._patients.traits(self._wants.profile_codes, vault)

    async def visits(self, most: int) -> int:
        """Return how many appointments and claims there are, counted up to so many of each."""
        count = await self._connection.fetchval(
            sql("report_visits"), self._site_id, *self._span(), most, timeout=_TIMEOUT_S
        )
        return int(count)

    async def moment(self) -> str:
        """Return a name of the moment all of this is of, for `VisitDays.opened` elsewhere.

        It is good as long as this period is open.
        """
        return str(await self._connection.fetchval(sql("export_moment"), timeout=_TIMEOUT_S))

    def _span(self) -> tuple[datetime, datetime]:
        first, last = self._period
        return LocalDay(first, self._zone).start, LocalDay(last, self._zone).end

    async def day(self, day: date, traits: Traits) -> VisitDay:
        """Read one day; `traits` are those of the period."""
        local = LocalDay(day, self._zone)
        span = (self._site_id, local.start, local.end)
        fetch = self._connection.fetch
        former: dict[UUID, tuple[str, ...]] = {}
        for row in await fetch(sql("report_former_practitioners"), *span, timeout=_TIMEOUT_S):
            ref, _ = self._practitioners[row["practitioner_id"].bytes]
            former[row["appointment_id"]] = (*former.get(row["appointment_id"], ()), ref)
        booked = await fetch(sql("report_appointments"), *span, timeout=_TIMEOUT_S)
        appointments = self._records.appointments(booked, former)
        billed = await fetch(sql("report_claims"), *span, timeout=_TIMEOUT_S)
        today = {one.appointment_ref: one.appointment_id for one in appointments}
        elsewhere = await self._elsewhere(today, billed)
        around = (local.start - self._wants.before, local.end + self._wants.after)
        evidence = await self._evidence.between(*around, today)
        ids = {one.patient_id for one in appointments}
        ids.update([row[3] for row in billed])
        patients = await self._patients.of_day(ids, local, traits)
        known = today | {one.appointment_ref: one.appointment_id for one in elsewhere.values()}
        claims = self._records.claims(billed, patients, known)
        return VisitDay(
            day,
            appointments,
            claims,
            elsewhere,
            evidence,
            patients,
            await self._evidence.unlooked(*around),
            await self._steps(claims, local),
        )

    async def _elsewhere(
        self, today: Mapping[str, UUID], billed: Sequence[asyncpg.Record]
    ) -> Mapping[UUID, AppointmentFacts]:
        named = {row["appointment_ref"] for row in billed} - today.keys() - {None}
        if not named:
            return {}
        rows = await self._connection.fetch(
            sql("report_appointments_by_ref"), self._site_id, list(named), timeout=_TIMEOUT_S
        )
        return {one.appointment_id: one for one in self._records.appointments(rows, {})}

    async def _steps(
        self, claims: Collection[ClaimFacts], local: LocalDay
    ) -> Mapping[UUID, tuple[ScreeningStep, ...]]:
        codes = self._wants.screening_codes
        patients = {one.patient_id for one in claims if one.service.service_code in codes}
        if not patients:
            return {}
        # A day more: the clocks may change in between.
        reach = self._wants.screening_reach + timedelta(days=1)
        rows = await self._connection.fetch(
            sql("report_screening_steps"),
            self._site_id,
            list(patients),
            list(codes),
            local.start - reach,
            local.end + reach,
            timeout=_TIMEOUT_S,
        )
        found: dict[UUID, tuple[ScreeningStep, ...]] = {}
        for row in rows:
            on = LocalDay.containing(row["performed_at"], self._zone).day
            step = ScreeningStep(row["service_code"], on, row["claim_ref"])
            found[row["patient_id"]] = (*found.get(row["patient_id"], ()), step)
        return found


class VisitDays:
    """Of one site."""

    def __init__(self, postgres: Postgres, site_id: str, zone: tzinfo) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site = (site_id, zone)

    @asynccontextmanager
    async def opened(
        self, period: tuple[date, date], wants: ReportWants, moment: str | None = None
    ) -> AsyncIterator[OpenPeriod]:
        """Begin to read a period.

        Args:
            period: The first and the last of its days, the site's.
            wants: What the settings have it read.
            moment: As `OpenPeriod.moment` named it, to read the same; None = now.

        Raises:
            DatabaseError: From here, or from whatever is read.
        """
        async with self._postgres.transaction() as connection:
            await connection.execute(sql("read_one_moment"))
            if moment is not None:
                # A statement that takes no parameters.
                name = _MOMENT.fullmatch(moment)
                assert name is not None
                await connection.execute(f"SET TRANSACTION SNAPSHOT '{name[0]}'")
            accounts = await connection.fetch(sql("report_accounts"), self._site[0])
            producers: dict[str, tuple[str, ...]] = {}
            given = [(row["name"], row["practitioner_refs"]) for row in accounts]
            for name, refs in (*given, *wants.producers.items()):
                account = name.casefold()
                producers[account] = (*producers.get(account, ()), *refs)
            rows = await connection.fetch(sql("report_practitioners"), self._site[0])
            practitioners = {row[0].bytes: (row[1], row[2]) for row in rows}
            yield OpenPeriod(connection, self._site, period, wants, producers, practitioners)
