"""How soon pages hear of what happens, and what it costs. Called by `kirdi bench console`."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from config.settings import Settings
from streamer.backend import Backend, open_backend
from streamer.bench.child import Child
from streamer.bench.console_child import START_S, ConsoleRequest
from streamer.bench.console_pages_child import PagesHeard, PagesRequest
from streamer.bench.process_usage import family_cpu_seconds, idle_seconds, memory_mb
from streamer.bench.throwaway_home import throwaway_home
from streamer.clock import SystemClock
from streamer.domain.account import NewAccount
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.patient import Patient
from streamer.domain.role import Role
from streamer.errors import KirdiError
from streamer.storage.queries import sql

_ACCOUNT_PAGES: Final = 50
_WARM_S: Final = 3.0
_SETTLE_S: Final = 3.0
_AT_ONCE: Final = 6
_PARTS: Final = 4
_COUNT_S: Final = 60.0
_WRITER: Final = Actor("bench-2")


@dataclass(frozen=True, slots=True)
class ConsoleFigures:
    """One row. Delays are milliseconds, from the commit of a check-in to its row at a page.

    Attributes:
        pages: That follow the day, each over a connection of its own.
        appointments: Of the day.
        events_per_second: Check-ins and undos that were committed, a second.
        heard: Rows that all pages heard, of
        expected: what they should have.
        p95_ms: Over all pages and events.
        cut: Pages that were cut off as too slow.
        cpu: CPU seconds of the service a second; without the database.
        cpu_ms_per_event: CPU milliseconds of the service for each event, all pages together.
        memory_mb: Of the service after the first quarter,
        memory_end_mb: and at the end.
        idle_cpu: CPU seconds a second that nobody on the machine had use for.
    """

    pages: int
    appointments: int
    events_per_second: float
    heard: int
    expected: int
    p50_ms: float
    p95_ms: float
    most_ms: float
    cut: int
    cpu: float
    cpu_ms_per_event: float
    memory_mb: float
    memory_end_mb: float
    idle_cpu: float


class ConsoleBenchmark:
    """A throwaway clinic, its service in a process of its own, and the pages in another."""

    def __init__(
        self,
        counts: Sequence[int],
        rate: float,
        seconds: float,
        appointments: int,
        folder: Path,
        models: Path | None,
    ) -> None:
        """Say what to measure; nothing is started.

        Args:
            counts: How many pages, a row each.
            rate: Events a second.
            seconds: How long.
            appointments: Of the day.
            folder: Where the throwaway homes lie.
            models: Of model packs; None = built there.
        """
        self._counts = tuple(counts)
        self._rate = rate
        self._seconds = seconds
        self._appointments = appointments
        self._folder = folder
        self._models = models

    async def run(self, tell: Callable[[str], None]) -> list[ConsoleFigures]:
        """Measure; raises KirdiError."""
        rows = []
        for pages in self._counts:
            tell(f"{pages} pages")
            async with throwaway_home(self._folder, self._models) as home:
                rows.append(await self._measured(home, pages))
        return rows

    async def _measured(self, home: Path, pages: int) -> ConsoleFigures:
        document = _document()
        settings = Settings.model_validate(document)
        async with open_backend(settings, home, SystemClock()) as backend:
            refs = await self._peopled(backend)
            tokens = await _tokens(backend, pages)
            request = TypeAdapter(ConsoleRequest).dump_json(ConsoleRequest(document, home))
            async with Child.running("streamer.bench.console_child", request, home) as child:
                answer = json.loads(await child.answer(START_S))
                asked = PagesRequest(answer["url"], tuple(tokens))
                follow = TypeAdapter(PagesRequest).dump_json(asked)
                module = "streamer.bench.console_pages_child"
                async with Child.running(module, follow, home) as following:
                    return await self._followed(backend, refs, following, pages, answer["pid"])

    async def _followed(
        self, backend: Backend, refs: dict[str, str], pages: Child, count: int, pid: int
    ) -> ConsoleFigures:
        await pages.answer(START_S)
        await asyncio.sleep(_WARM_S)
        committed: dict[str, float] = {}
        began, cpu, idle = time.monotonic(), family_cpu_seconds(pid), idle_seconds()
        memory: list[float] = []
        writing = asyncio.create_task(
            self._write(backend, refs, committed, int(self._rate * self._seconds))
        )
        for _ in range(_PARTS):
            await asyncio.sleep(self._seconds / _PARTS)
            memory.append(memory_mb(pid) or 0.0)
        await writing
        spent = time.monotonic() - began
        used = family_cpu_seconds(pid) - cpu
        left = (idle_seconds() - idle) / spent
        await asyncio.sleep(_SETTLE_S)
        memory.append(memory_mb(pid) or 0.0)
        pages.tell(json.dumps(committed).encode())
        found = TypeAdapter(PagesHeard).validate_json(await pages.answer(_COUNT_S))
        return ConsoleFigures(
            pages=count,
            appointments=self._appointments,
            events_per_second=len(committed) / spent,
            heard=found.heard,
            expected=len(committed) * count,
            p50_ms=found.p50_ms,
            p95_ms=found.p95_ms,
            most_ms=found.most_ms,
            cut=found.cut,
            cpu=used / spent,
            cpu_ms_per_event=1000 * used / max(1, len(committed)),
            memory_mb=memory[0],
            memory_end_mb=memory[-1],
            idle_cpu=left,
        )

    async def _write(
        self,
        backend: Backend,
        refs: dict[str, str],
        committed: dict[str, float],
        count: int,
    ) -> None:
        """Check patients in, as another process would, so many a second."""
        began, left = time.monotonic(), iter(enumerate(list(refs.items())[:count]))

        async def worker() -> None:
            for number, (ref, key) in left:
                await asyncio.sleep(max(0.0, began + number / self._rate - time.monotonic()))
                await backend.manual_check_ins.add(ref, _WRITER, "benchmark")
                committed[key] = time.monotonic()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_AT_ONCE):
                    group.create_task(worker())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors

    async def _peopled(self, backend: Backend) -> dict[str, str]:
        """Import the day; returns keys by reference."""
        now, site = backend.clock.now(), backend.settings.site.id
        numbers = range(self._appointments)
        await backend.patients_import.run([Patient(f"P-{one}", "Nobody") for one in numbers], now)
        starts = now + timedelta(minutes=10)
        booked = [
            Booking(
                appointment_ref=f"A-{one}",
                patient_ref=f"P-{one}",
                practitioner_ref=f"D-{one % 40}",
                practitioner_name="Nobody",
                service_code="B",
                service_name="Benchmark",
                starts_at=starts,
                ends_at=starts + timedelta(minutes=20),
                status=AppointmentStatus.BOOKED,
            )
            for one in numbers
        ]
        await backend.appointments_import.run(booked, now)
        if self._rate * self._seconds > self._appointments:
            raise KirdiError("benchmark: more events than appointments; raise --appointments")
        day = timedelta(days=1)
        async with backend.database.postgres.connection() as connection:
            rows = await connection.fetch(sql("list_appointments"), site, now - day, now + day)
            ids = {}
            for row in rows:
                ref = row["appointment_ref"]
                locked = await connection.fetch(sql("lock_appointment_by_ref"), site, ref)
                ids[ref] = str(locked[0]["appointment_id"])
        return ids


async def _tokens(backend: Backend, pages: int) -> list[str]:
    """A token for each page, fifty pages to an account."""
    now, tokens = backend.clock.now(), []
    for number in range(-(-pages // _ACCOUNT_PAGES)):
        name = f"bench-page-{number}"
        await backend.accounts.add(
            NewAccount(name, (Role.RECEPTION,), (), None, None), SERVICE, now
        )
        scopes = ["appointments:read", "presences:read", "codes:read"]
        _, secret = await backend.tokens.create(
            name, "bench", scopes, timedelta(days=1), SERVICE, now
        )
        tokens += [secret] * _ACCOUNT_PAGES
    return tokens[:pages]


def _document() -> dict[str, object]:
    # Somewhere on earth it is noon: there, "today" does not end while it is measured.
    zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    return {
        "site": {"id": "bench", "name": "Benchmark", "time_zone": zone},
        "web": {"port": 0},
        "cameras": [],
    }
