"""What it costs a check-in that its change is told to whoever listens."""

import asyncio
import time
from collections.abc import Iterator
from typing import Final
from uuid import uuid4

from streamer.backend import Backend
from streamer.bench.schedule.large_clinic import PACK, Visitor
from streamer.bench.schedule.schedule_figures import Spent
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.errors import KirdiError

ROUND: Final = 50
"""Check-ins of one turn: one after the other, or all at once."""
ROUNDS: Final = 6


async def check_in_cost(
    backend: Backend, site_id: str, visitors: Iterator[Visitor], *, at_once: bool
) -> tuple[Spent, Spent]:
    """Check people in with and without the triggers, in turns.

    Args:
        backend: Of the throwaway home.
        site_id: The site.
        visitors: Enough who have not come yet: 2 * ROUND * ROUNDS.
        at_once: All of a round at once.

    Returns:
        With the triggers, and without.

    Raises:
        KirdiError: One was not written.
    """
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * ROUNDS):
        told = number % 2 == 0
        await _triggers(backend, on=told)
        works = [_check_in(backend, site_id, next(visitors)) for _ in range(ROUND)]
        if at_once:
            spent[told] += await asyncio.gather(*works)
        else:
            spent[told] += [await work for work in works]
    await _triggers(backend, on=True)
    return Spent(spent[True]), Spent(spent[False])


async def _check_in(backend: Backend, site_id: str, one: Visitor) -> float:
    check_in = CheckIn(
        event_id=uuid4(),
        site_id=site_id,
        appointment_id=one.appointment_id,
        patient_id=one.patient_id,
        method=Method.FACE,
        evidence=EvidenceGrade.FACE,
        occurred_at=backend.clock.now(),
        camera_id="lobby-1",
        score=5.0,
        threshold=4.0,
        pack_id=PACK,
    )
    began = time.perf_counter()
    recorded = await backend.check_ins.record(check_in)
    if recorded is not Recorded.WRITTEN:
        raise KirdiError(f"benchmark: a check-in was not written ({recorded.value})")
    return time.perf_counter() - began


async def _triggers(backend: Backend, *, on: bool) -> None:
    async with backend.database.postgres.connection() as connection:
        verb = "ENABLE" if on else "DISABLE"
        await connection.execute(
            f"ALTER TABLE appointments {verb} TRIGGER kirdi_appointments_update"
        )
