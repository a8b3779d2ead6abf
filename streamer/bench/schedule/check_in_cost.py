"""What the change feed's triggers cost check-ins, and other changes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Final
from uuid import uuid4

from streamer.backend import Backend
from streamer.bench.schedule.large_clinic import PACK, Visitor
from streamer.bench.schedule.schedule_figures import Spent
from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.errors import KirdiError

ROUND: Final = 50
"""Writes of one turn, all at once."""
ROUNDS: Final = 6
NEEDED: Final = ROUND * (2 * ROUNDS + 2)


async def cost_of_telling(
    backend: Backend, work: Callable[[Visitor], Awaitable[float]], visitors: Iterator[Visitor]
) -> tuple[Spent, Spent]:
    """Write with and without the triggers, a round at once and in turns.

    Args:
        backend: Of the throwaway home.
        work: Writes about one visitor; returns how long that took, seconds.
        visitors: Enough whom nothing was written about yet: `NEEDED`.

    Returns:
        With the triggers, and without.

    Raises:
        KirdiError: One was not written.
    """
    spent: dict[bool, list[float]] = {True: [], False: []}
    # Connections are made, and the triggers' statements planned, off the clock.
    for number in range(-2, 2 * ROUNDS):
        told = number % 2 == 0
        await _triggers(backend, on=told)
        found = await asyncio.gather(*(work(next(visitors)) for _ in range(ROUND)))
        if number >= 0:
            spent[told] += found
    await _triggers(backend, on=True)
    return Spent(spent[True]), Spent(spent[False])


async def cancel(backend: Backend, one: Visitor) -> float:
    """Cancel an appointment: what is told of."""
    began = time.perf_counter()
    async with backend.database.postgres.connection() as connection:
        await connection.execute(
            "UPDATE appointments SET status = 'cancelled' WHERE appointment_id = $1",
            one.appointment_id,
        )
    return time.perf_counter() - began


async def check_in(backend: Backend, site_id: str, one: Visitor) -> float:
    """Check a visitor in: what is not told of."""
    event = CheckIn(
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
    recorded = await backend.check_ins.record(event)
    if recorded is not Recorded.WRITTEN:
        raise KirdiError(f"benchmark: a check-in was not written ({recorded.value})")
    return time.perf_counter() - began


async def _triggers(backend: Backend, *, on: bool) -> None:
    async with backend.database.postgres.connection() as connection:
        verb = "ENABLE" if on else "DISABLE"
        await connection.execute(
            f"ALTER TABLE appointments {verb} TRIGGER kirdi_appointments_update"
        )
