"""The audit is held against the checkpoints that are there; whichever are missing are told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streamer.crypto.checkpoint_seal import CheckpointSeal
from streamer.crypto.key import KeyEncryptionKey
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.chain_head import ChainHead
from streamer.errors import InputError
from streamer.storage.audit_chain import KnownHeads, Verdict
from streamer.storage.audit_check import AuditCheck, Checked
from streamer.storage.checkpoint_file import CheckpointFile
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SEAL = CheckpointSeal(KeyEncryptionKey(b"k" * 32), "s-1")


class Audit:
    """An audit of which nothing is known but since when there is one."""

    def __init__(self, oldest: datetime | None) -> None:
        self.oldest = oldest
        self.read: list[str] = []
        self.known: list[int] = []

    async def oldest_at(self) -> datetime | None:
        return self.oldest

    async def record_reading(self, by: Actor, reason: str) -> None:
        self.read.append(f"{by.name} {reason}")

    async def verify(self, known: KnownHeads) -> Verdict:
        assert self.read, "that somebody looks is on record before they do"
        self.known.append(known.last(0))
        return Verdict(5, (), 0, 0, 0)


async def check(audit: Audit, path: Path, *given: Path) -> Checked:
    looked = AuditCheck(audit, audit, SEAL, "s-1", path, MINUTE, FakeClock(NOW))
    return await looked.run(given, SERVICE)


def checkpoint(path: Path, at: datetime, sequence: int = 1) -> None:
    file = CheckpointFile(path, SEAL, "s-1")
    assert file.append([ChainHead(0, sequence, bytes(32))], at) is not None


@pytest.mark.parametrize(("age", "found"), [(None, 0), (MINUTE, 0), (3 * MINUTE, 1)])
async def test_a_file_that_must_have_been_there_is_a_finding(
    tmp_path: Path, age: timedelta | None, found: int
) -> None:
    audit = Audit(None if age is None else NOW - age)
    checked = await check(audit, tmp_path / "checkpoints.jsonl")
    assert len(checked.findings) == found
    assert len(checked.notes) == 1 - found
    assert "checkpoints.jsonl: is not there" in (*checked.findings, *checked.notes)[0]


async def test_one_that_cannot_be_looked_at_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match="cannot be read"):
        await check(Audit(None), tmp_path / "loop")


async def test_a_file_that_was_begun_anew_is_told(tmp_path: Path) -> None:
    path, aside = tmp_path / "checkpoints.jsonl", tmp_path / "aside.jsonl"
    checkpoint(path, NOW)
    audit = Audit(NOW - timedelta(days=300))
    checked = await check(audit, path)
    assert checked.findings == ()
    (note,) = checked.notes
    assert "the oldest one here is of 2026-11-29" in note
    assert "the audit goes back to 2026-02-02" in note
    # With the one that was moved aside nothing is missing.
    checkpoint(aside, NOW - timedelta(days=300) + MINUTE)
    assert (await check(audit, path, aside, path)).notes == ()
    assert (await check(Audit(NOW - MINUTE), path)).notes == ()


async def test_after_a_restore_less_is_known_and_the_restore_is_named(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.jsonl"
    checkpoint(path, NOW - 2 * MINUTE, 5)
    checkpoint(path, NOW - MINUTE, 9)
    file = CheckpointFile(path, SEAL, "s-1")
    heads = [ChainHead(0, 5, bytes(32))]
    assert file.append(heads, NOW, restored="b-1") is not None
    audit = Audit(NOW - 2 * MINUTE)
    checked = await check(audit, path)
    assert checked.findings == ()
    (note,) = checked.notes
    assert "line 3: backup b-1 was restored at 2026-11-29" in note
    assert "4 events" in note
    assert audit.known == [5]
    # Nobody without the key makes checkpoints forget anything.
    other = CheckpointSeal(KeyEncryptionKey(b"o" * 32), "s-1")
    CheckpointFile(path, other, "s-1").append([], NOW, restored="b-2")
    forged = CheckpointFile(path, other, "s-1").append(
        [ChainHead(0, 1, bytes(32))], NOW, restored="b-3"
    )
    assert forged is not None
    checked = await check(audit, path)
    assert len([one for one in checked.findings if "not written with this site's key" in one]) == 2
    assert audit.known == [5, 5]
