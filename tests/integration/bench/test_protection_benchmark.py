"""The benchmark of what protection costs, small, on a real embedded PostgreSQL."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from streamer.backend import Backend
from streamer.bench.protection.protection_benchmark import ProtectionBenchmark
from streamer.bench.protection.protection_figures import ProtectionFigures
from streamer.bench.protection.unaudited_postgres import UnauditedPostgres
from streamer.bench.schedule.large_clinic import LargeClinic
from streamer.domain.actor import SERVICE
from streamer.domain.audit_event import AuditAction, AuditEvent, AuditKind
from streamer.storage.audit import append


@pytest.mark.long
async def test_a_small_clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the check-ins are audited; reading the gallery always is on our side."""
    audited: dict[str, int] = {}
    check_ins = ProtectionBenchmark._check_ins

    async def counted(
        self: ProtectionBenchmark, backend: Backend, clinic: LargeClinic
    ) -> ProtectionFigures:
        figures = await check_ins(self, backend, clinic)
        async with backend.database.postgres.connection() as connection:
            for row in await connection.fetch(
                "SELECT kind, count(*) AS number FROM audit_events GROUP BY kind"
            ):
                audited[row["kind"]] = row["number"]
            audited["arrived"] = await connection.fetchval("SELECT count(*) FROM check_ins")
            # Nobody but this benchmark leaves the audit out.
            async with UnauditedPostgres(backend.database.postgres).transaction() as silent:
                await append(silent, "bench", [an_event()])
            assert not await connection.fetchval(
                "SELECT count(*) FROM audit_events WHERE kind = 'undo'"
            )
        return figures

    monkeypatch.setattr(ProtectionBenchmark, "_check_ins", counted)
    gallery, arrivals = await ProtectionBenchmark(120, 4, tmp_path).run(lambda _text: None)
    assert (gallery.size, arrivals.size, arrivals.rounds) == (120, 4, 5)
    assert audited["arrived"] == 120
    assert audited["decision"] == 60
    assert audited["template-read"] >= 10
    assert gallery.seconds is not None
    assert gallery.seconds > 0
    assert arrivals.per_second is not None
    assert arrivals.ratio_least <= arrivals.ratio <= arrivals.ratio_most


def an_event() -> AuditEvent:
    return AuditEvent(
        AuditKind.UNDO, AuditAction.UPDATE, SERVICE.name, datetime.now(UTC), patient_id=uuid4()
    )
