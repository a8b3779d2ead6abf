"""A thousand random tamperings with the audit, by somebody with every right: all are found."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.domain.chain_head import ChainHead
from streamer.storage.audit import append
from streamer.storage.audit_chain import (
    ChainVerifier,
    EventRow,
    KnownHeads,
    LaneRow,
    Verdict,
)
from streamer.storage.audit_log import AuditLog
from streamer.storage.audit_verification import verify_audit
from streamer.storage.postgres import Connection
from streamer.storage.queries import sql
from tests.integration.storage.clinic import SITE, Clinic
from tests.integration.storage.tampering import ACTS, SITE_ID, Audit

SEED = 20261129
IN_MEMORY = 940
IN_DATABASE = 60
KINDS = (AuditKind.DECISION, AuditKind.UNDO, AuditKind.CODE_ATTEMPT, AuditKind.TEMPLATE_READ)
COLUMNS = ("lane", "sequence", "recorded_at", "body", "hash", "kind", "actor", "patient_id")


async def _act(clinic: Clinic, number: int) -> None:
    event = AuditEvent(
        KINDS[number % len(KINDS)],
        AuditAction.CREATE,
        f"nurse-{number % 5}",
        datetime(2026, 3, 2, 9, tzinfo=UTC),
        patient_id=uuid4() if number % 3 else None,
        reason="wrong-person" if number % 2 else "",
        detail=(("number", number), ("score", 0.5 + number / 1000)),
    )
    async with clinic.database.postgres.transaction() as connection:
        await append(connection, SITE.id, [event] * (1 + number % 2))


async def _history(clinic: Clinic) -> KnownHeads:
    """Events, some removed by retention, and checkpoints in between; all lanes have some left."""
    assert SITE.id == SITE_ID
    known = KnownHeads()
    log = AuditLog(clinic.database.postgres, SITE.id, clinic.clock)
    for part in range(3):
        await asyncio.gather(*(_act(clinic, 100 * part + number) for number in range(32)))
        if part == 0:
            removed, _ = await clinic.row_as_owner(
                "SELECT kirdi_audit_prune($1, clock_timestamp()), 1", SITE.id
            )
            assert removed == 48
        for head in await log.heads():
            assert known.add(head) is None
    return known


async def _read(connection: Connection | asyncpg.Connection) -> Audit:
    lanes = await connection.fetch(sql("audit_lanes_of"), SITE.id)
    events = await connection.fetch(sql("audit_chain"), SITE.id)
    audit = Audit({row["lane"]: LaneRow(**row) for row in lanes})
    for row in events:
        audit.put(EventRow(**row))
    return audit


def _verdict(audit: Audit, known: KnownHeads) -> Verdict:
    lanes = [row for _, row in sorted(audit.lanes.items())]
    verifier = ChainVerifier(SITE.id, lanes, known)
    for row in audit.rows:
        verifier.take(row)
    return verifier.finish()


def _tampered(audit: Audit, number: int) -> tuple[str, Audit]:
    """The kinds in turn; each with its own seed, so that a failure can be looked at alone."""
    act = ACTS[number % len(ACTS)]
    rng = random.Random(SEED + number)
    copy = audit.copy()
    while copy == audit:
        act(copy, rng)
    return act.__name__, copy


async def test_whatever_is_done_to_a_copy_is_found(clinic: Clinic) -> None:
    known = await _history(clinic)
    async with clinic.as_owner() as connection:
        audit = await _read(connection)
    untouched = _verdict(audit, known)
    assert untouched.findings == ()
    assert untouched.removed == 48
    assert untouched.uncovered == 0
    unseen = []
    for number in range(IN_MEMORY):
        name, tampered = _tampered(audit, number)
        if not _verdict(tampered, known).findings:
            unseen.append((number, name))
    assert unseen == []


async def test_whatever_is_done_in_the_database_is_found(any_clinic: Clinic) -> None:
    known = await _history(any_clinic)
    async with any_clinic.as_owner() as connection:
        audit = await _read(connection)
        assert (await _judged(connection, known, "")).findings == ()
        unseen = []
        for number in range(IN_MEMORY, IN_MEMORY + IN_DATABASE):
            name, tampered = _tampered(audit, number)
            transaction = connection.transaction()
            await transaction.start()
            await _write(connection, audit, tampered)
            verdict = await verify_audit(connection, SITE.id, known)
            await transaction.rollback()
            # That the guards are off shows as well; what was done has to show by itself.
            if not [one for one in verdict.findings if not one.startswith("trigger")]:
                unseen.append((number, name))
        assert unseen == []
        assert (await _judged(connection, known, "")).findings == ()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("ALTER TABLE audit_inbox DISABLE TRIGGER kirdi_audit_link", "kirdi_audit_link: is miss"),
        ("DROP TRIGGER kirdi_audit_guard ON audit_events", "audit_events.kirdi_audit_guard"),
        (
            "ALTER TABLE audit_inbox DISABLE TRIGGER USER; "
            "INSERT INTO audit_inbox (site_id, bodies) "
            "VALUES ('test-1', ARRAY['{}', '{}']::json[]); "
            "ALTER TABLE audit_inbox ENABLE TRIGGER USER",
            "2 event(s) were committed without being linked",
        ),
    ],
)
async def test_what_makes_room_for_tampering_is_found(
    clinic: Clinic, statement: str, found: str
) -> None:
    await _act(clinic, 1)
    async with clinic.as_owner() as connection:
        (finding,) = (await _judged(connection, KnownHeads(), statement)).findings
        assert found in finding


async def test_what_is_newer_than_the_last_checkpoint_is_counted(clinic: Clinic) -> None:
    known = KnownHeads()
    await _act(clinic, 1)
    for head in await AuditLog(clinic.database.postgres, SITE.id, clinic.clock).heads():
        known.add(head)
    await _act(clinic, 3)
    async with clinic.as_owner() as connection:
        verdict = await _judged(connection, known, "")
    assert (verdict.findings, verdict.events, verdict.uncovered) == ((), 4, 2)


async def test_without_checkpoints_a_chain_written_anew_does_not_show(clinic: Clinic) -> None:
    """What they are for; and that the others are found without them."""
    known = await _history(clinic)
    async with clinic.as_owner() as connection:
        audit = await _read(connection)
    unseen = set()
    for number in range(2 * len(ACTS)):
        name, tampered = _tampered(audit, number)
        if not _verdict(tampered, KnownHeads()).findings:
            assert _verdict(tampered, known).findings
            unseen.add(name)
    assert unseen
    assert {one for one in unseen if not one.startswith("recomputed")} <= {
        "truncate_with_head",
        "begin_anew",
    }


async def test_one_event_has_one_hash() -> None:
    known = KnownHeads()
    assert known.add(ChainHead(3, 7, b"7" * 32)) is None
    assert known.add(ChainHead(3, 7, b"7" * 32)) is None
    assert known.add(ChainHead(3, 5, b"5" * 32)) is None, "written late"
    assert "was another one" in str(known.add(ChainHead(3, 7, b"8" * 32)))
    assert [known.at(3, place) for place in range(3)] == [
        ChainHead(3, 5, b"5" * 32),
        ChainHead(3, 7, b"7" * 32),
        None,
    ]


async def _judged(connection: Connection, known: KnownHeads, statement: str) -> Verdict:
    transaction = connection.transaction()
    await transaction.start()
    try:
        if statement:
            await connection.execute(statement)
        return await verify_audit(connection, SITE.id, known)
    finally:
        await transaction.rollback()


async def _write(connection: Connection, was: Audit, tampered: Audit) -> None:
    """Make the tables hold what the copy does, whatever stands in the way."""
    await connection.execute(
        "ALTER TABLE audit_events DISABLE TRIGGER USER;"
        "ALTER TABLE audit_lanes DISABLE TRIGGER USER;"
        "ALTER TABLE audit_lanes DROP CONSTRAINT audit_lanes_order;"
        "ALTER TABLE audit_events ALTER kind DROP EXPRESSION, ALTER actor DROP EXPRESSION,"
        " ALTER patient_id DROP EXPRESSION"
    )
    gone = [key for key, row in was.events.items() if tampered.events.get(key) != row]
    fresh = [row for key, row in tampered.events.items() if was.events.get(key) != row]
    await connection.executemany(
        "DELETE FROM audit_events WHERE site_id = $1 AND lane = $2 AND sequence = $3",
        [(SITE.id, *key) for key in gone],
    )
    await connection.executemany(
        "INSERT INTO audit_events (site_id, lane, sequence, recorded_at, body, hash, kind, actor,"
        " patient_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        [(SITE.id, *_values(row)) for row in fresh],
    )
    await connection.execute("DELETE FROM audit_lanes WHERE site_id = $1", SITE.id)
    await connection.executemany(
        "INSERT INTO audit_lanes (site_id, lane, sequence, head, base_sequence, base_hash)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        [
            (SITE.id, one.lane, one.sequence, one.head, one.base_sequence, one.base_hash)
            for one in tampered.lanes.values()
        ],
    )


def _values(row: EventRow) -> Sequence[object]:
    return [getattr(row, column) for column in COLUMNS]
