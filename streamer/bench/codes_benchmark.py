"""Redeeming codes under load, beside the bare statements. Called by `kirdi bench codes`."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4, uuid5

from config.settings import Settings
from streamer.backend import Backend, open_backend
from streamer.bench.as_owner import as_owner
from streamer.bench.figures import percentile
from streamer.bench.process_usage import family_cpu_seconds, idle_seconds
from streamer.bench.recorded_statements import RecordingPostgres, Stretch, ask_again
from streamer.bench.throwaway_home import throwaway_home
from streamer.checkin.codes.claim import Answer, Claim
from streamer.checkin.codes.redeeming import Redeeming
from streamer.clock import SystemClock
from streamer.code_counters import redeeming
from streamer.crypto.code_hash import CodeHash
from streamer.domain.actor import Actor
from streamer.domain.appointment import AppointmentStatus
from streamer.domain.booking import Booking
from streamer.domain.claim import Device
from streamer.domain.patient import Patient
from streamer.embedded.services import EmbeddedServers
from streamer.errors import KirdiError
from streamer.storage.postgres import write_rows
from streamer.storage.queries import sql

DEVICES: Final = 10
_RECORDED_AT: Final = "desk-0"
_ROUNDS: Final = 5
_PORTION: Final = 5_000
_REDEEMER: Final = (Actor("bench-2"),)


@dataclass(frozen=True, slots=True)
class CodesFigures:
    """One row. Times are milliseconds.

    Attributes:
        patients: Of the site; each has an appointment now and a code in force.
        at_once: Codes that are being redeemed at any moment, at ten devices.
        redeemed: How many were measured.
        per_second: Ours,
        bare_per_second: and the same statements alone.
        ratio: Bare rate over ours.
        p95_ms: From showing a code to the answer, the wait for a connection included.
        statements: What one redemption asks the database.
        cpu_ms: CPU time of this process and of the embedded servers for one redemption,
        idle_cpu: and what was left on the machine meanwhile, CPU seconds a second. Near 0, the
            times say how busy the machine was with other things.
    """

    patients: int
    at_once: int
    redeemed: int
    per_second: float
    bare_per_second: float
    ratio: float
    p50_ms: float
    p95_ms: float
    most_ms: float
    bare_p50_ms: float
    bare_p95_ms: float
    statements: int
    cpu_ms: float
    idle_cpu: float


@dataclass(frozen=True, slots=True)
class _Code:
    """A code in force, and whose."""

    digits: str
    hashed: bytes
    code_id: UUID
    patient_id: UUID
    appointment_id: UUID

    def instead_of(self, other: "_Code") -> dict[object, object]:
        """What takes the place of another code's values in what was recorded."""
        event = uuid5(other.code_id, str(other.appointment_id))
        return {
            other.hashed: self.hashed,
            other.code_id: self.code_id,
            other.patient_id: self.patient_id,
            other.appointment_id: self.appointment_id,
            event: uuid5(self.code_id, str(self.appointment_id)),
        }


@dataclass(slots=True)
class _Spent:
    """Seconds of all rounds: of ours and of the bare side; CPU and idle time during ours."""

    ours_s: float = 0.0
    bare_s: float = 0.0
    cpu_s: float = 0.0
    idle_s: float = 0.0


class CodesBenchmark:
    """A throwaway clinic of each size, on an embedded PostgreSQL."""

    def __init__(self, sizes: Sequence[int], at_once: int, redeemed: int, folder: Path) -> None:
        """Say what to measure; nothing is started.

        Args:
            sizes: Patients of the site, a row each.
            at_once: Codes redeemed at the same time.
            redeemed: Codes to redeem for a row; as many again go through the bare statements.
            folder: Where the throwaway homes lie.
        """
        self._sizes = tuple(sizes)
        self._at_once = at_once
        self._redeemed = redeemed
        self._folder = folder

    async def run(self, tell: Callable[[str], None]) -> list[CodesFigures]:
        """Measure.

        Raises:
            KirdiError: A code was not accepted, or the database failed.
        """
        rows = []
        for number, patients in enumerate(self._sizes, 1):
            async with throwaway_home(self._folder, None) as home:
                settings = Settings.model_validate(
                    {
                        "site": {"id": f"bench-{number}", "name": "Benchmark"},
                        "codes": {"devices": {f"desk-{one}": "main" for one in range(DEVICES)}},
                    }
                )
                async with open_backend(settings, home, SystemClock()) as backend:
                    tell(f"{patients} patients")
                    codes = await _peopled(backend, patients)
                    tell(f"{self._redeemed} codes, {self._at_once} at once")
                    rows.append(await self._row(backend, home, patients, codes))
        return rows

    async def _row(
        self, backend: Backend, home: Path, patients: int, codes: Sequence[_Code]
    ) -> CodesFigures:
        counter = redeeming(backend)
        left = iter(codes)
        recorded, sample = await _recorded(backend, next(left))
        # Once, off the clock: connections are made and statements prepared.
        await self._ours(counter, [next(left) for _ in range(self._at_once)])
        ours: list[float] = []
        bare: list[float] = []
        spent = _Spent()
        count = self._redeemed // _ROUNDS
        servers = _servers(home)
        for _ in range(_ROUNDS):
            began, cpu, idle = time.perf_counter(), _cpu(servers), idle_seconds()
            ours += await self._ours(counter, [next(left) for _ in range(count)])
            between = time.perf_counter()
            spent.ours_s += between - began
            spent.cpu_s += _cpu(servers) - cpu
            spent.idle_s += idle_seconds() - idle
            between = time.perf_counter()
            bare += await self._bare(backend, recorded, sample, [next(left) for _ in range(count)])
            spent.bare_s += time.perf_counter() - between
        return _figures(patients, self._at_once, ours, bare, spent, recorded)

    async def _ours(self, counter: Redeeming, codes: Sequence[_Code]) -> list[float]:
        async def one(code: _Code, number: int) -> None:
            device = Device(f"desk-{number % DEVICES}", "main")
            redeemed = await counter.redeem(Claim(code.digits, device), _REDEEMER)
            if redeemed.answer is not Answer.ARRIVED:
                raise KirdiError(f"benchmark: a code was not accepted ({redeemed.answer.value})")

        return await _all(codes, self._at_once, one)

    async def _bare(
        self, backend: Backend, recorded: list[Stretch], sample: _Code, codes: Sequence[_Code]
    ) -> list[float]:
        async def one(code: _Code, number: int) -> None:
            # At as many devices as ours, and others: fifty attempts under way at one make it wait.
            instead = code.instead_of(sample) | {_RECORDED_AT: f"bare-{number % DEVICES}"}
            await ask_again(backend.database.postgres, recorded, instead)

        return await _all(codes, self._at_once, one)


async def _all(
    codes: Sequence[_Code], at_once: int, one: Callable[[_Code, int], Awaitable[None]]
) -> list[float]:
    """Go through the codes, so many at a time; returns the seconds each took."""
    times: list[float] = []
    left = iter(codes)

    async def worker(number: int) -> None:
        for code in left:
            began = time.perf_counter()
            await one(code, number)
            times.append(time.perf_counter() - began)

    try:
        async with asyncio.TaskGroup() as group:
            for number in range(at_once):
                group.create_task(worker(number))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    return times


async def _recorded(backend: Backend, code: _Code) -> tuple[list[Stretch], _Code]:
    """What redeeming a code asks the database."""
    recording = RecordingPostgres(backend.database.postgres)
    watched = replace(backend, database=replace(backend.database, postgres=recording))
    device = Device(_RECORDED_AT, "main")
    redeemed = await redeeming(watched).redeem(Claim(code.digits, device), _REDEEMER)
    if redeemed.answer is not Answer.ARRIVED:
        raise KirdiError(f"benchmark: a code was not accepted ({redeemed.answer.value})")
    return recording.stretches, code


async def _peopled(backend: Backend, patients: int) -> list[_Code]:
    """Import patients with an appointment each, and put a code of each in force."""
    now, site = backend.clock.now(), backend.settings.site.id
    starts = now + timedelta(minutes=30)
    for begin in range(0, patients, _PORTION):
        numbers = range(begin, min(begin + _PORTION, patients))
        await backend.patients_import.run([Patient(f"P-{one}", "Nobody") for one in numbers], now)
        await backend.appointments_import.run(
            [
                Booking(
                    appointment_ref=f"A-{one}",
                    patient_ref=f"P-{one}",
                    practitioner_ref="D-1",
                    practitioner_name="Nobody",
                    service_code="B",
                    service_name="Benchmark",
                    starts_at=starts,
                    ends_at=starts + timedelta(minutes=20),
                    status=AppointmentStatus.BOOKED,
                )
                for one in numbers
            ],
            now,
        )
    async with backend.database.postgres.transaction() as connection:
        rows = await connection.fetch(
            sql("schedule_of_site"), site, now - timedelta(days=1), now + timedelta(days=1)
        )
        codes = [
            _code(f"{number:06d}", row["patient_id"], row["appointment_id"], backend)
            for number, row in enumerate(rows)
        ]
        until = now + timedelta(hours=2)
        await write_rows(
            connection,
            sql("insert_code"),
            [
                (
                    *(one.code_id, site, one.patient_id, None, "digits", "desk_code"),
                    *(one.hashed, now, "bench-1", [], until),
                )
                for one in codes
            ],
        )
    await as_owner(backend, "ANALYZE")
    return codes


def _servers(home: Path) -> tuple[int, ...]:
    """The pids of the embedded servers."""
    return tuple(one.pid for one in EmbeddedServers(home).status() if one.pid is not None)


def _cpu(servers: Sequence[int]) -> float:
    """CPU seconds so far of this process and of the servers with all their connections."""
    return time.process_time() + sum(family_cpu_seconds(pid) for pid in servers)


def _code(digits: str, patient_id: UUID, appointment_id: UUID, backend: Backend) -> _Code:
    hashes: CodeHash = backend.database.code_hash
    return _Code(digits, hashes.of(digits), uuid4(), patient_id, appointment_id)


def _figures(
    patients: int,
    at_once: int,
    ours: Sequence[float],
    bare: Sequence[float],
    spent: _Spent,
    recorded: Sequence[Stretch],
) -> CodesFigures:
    def ms(times: Sequence[float], share: float) -> float:
        return 1000 * (percentile(times, share) or 0.0)

    rate, bare_rate = len(ours) / spent.ours_s, len(bare) / spent.bare_s
    return CodesFigures(
        patients=patients,
        at_once=at_once,
        redeemed=len(ours),
        per_second=rate,
        bare_per_second=bare_rate,
        ratio=bare_rate / rate,
        p50_ms=ms(ours, 0.5),
        p95_ms=ms(ours, 0.95),
        most_ms=ms(ours, 1.0),
        bare_p50_ms=ms(bare, 0.5),
        bare_p95_ms=ms(bare, 0.95),
        statements=sum(len(one.asked) for one in recorded),
        cpu_ms=1000 * spent.cpu_s / len(ours),
        idle_cpu=spent.idle_s / spent.ours_s,
    )
