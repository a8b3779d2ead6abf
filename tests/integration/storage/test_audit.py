"""The audit's chains: linked at the commit, in step with what they describe."""

import asyncio
import hashlib
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg

from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.storage.audit import append
from tests.integration.storage.clinic import SITE, Clinic

WHEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def an_event(reason: str = "") -> AuditEvent:
    return AuditEvent(
        AuditKind.UNDO, AuditAction.UPDATE, "aigul", WHEN, patient_id=uuid4(), reason=reason
    )


async def _rows(clinic: Clinic) -> list[asyncpg.Record]:
    async with clinic.database.postgres.connection() as connection:
        rows: list[asyncpg.Record] = await connection.fetch(
            "SELECT *, body::text AS said, (extract(epoch FROM recorded_at) * 1000000)::bigint "
            "AS micros FROM audit_events ORDER BY lane, sequence"
        )
        return rows


async def test_every_event_is_linked_to_the_one_before(clinic: Clinic) -> None:
    async def act(number: int) -> None:
        async with clinic.database.postgres.transaction() as connection:
            await append(connection, SITE.id, [an_event(f"first {number} ә"), an_event("second")])

    await asyncio.gather(*(act(number) for number in range(20)))

    rows = await _rows(clinic)
    assert len(rows) == 40
    heads: dict[int, bytes] = {}
    for row in rows:
        lane = row["lane"]
        start = hashlib.sha256(f"kirdi/audit/{SITE.id}/{lane}".encode()).digest()
        said = (
            heads.get(lane, start)
            + lane.to_bytes(2, "big")
            + row["sequence"].to_bytes(8, "big")
            + row["micros"].to_bytes(8, "big")
            + row["said"].encode()
        )
        heads[lane] = hashlib.sha256(said).digest()
        assert row["hash"] == heads[lane]
    async with clinic.database.postgres.connection() as connection:
        kept = await connection.fetch("SELECT lane, head FROM audit_lanes WHERE sequence > 0")
        assert {row["lane"]: row["head"] for row in kept} == heads
        assert await connection.fetchval("SELECT count(*) FROM audit_inbox") == 0


async def test_what_is_undone_leaves_nothing(clinic: Clinic) -> None:
    try:
        async with clinic.database.postgres.transaction() as connection:
            await append(connection, SITE.id, [an_event()])
            raise ValueError
    except ValueError:
        pass

    assert await _rows(clinic) == []
