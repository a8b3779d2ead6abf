"""The benchmark of redeeming codes, small, on a real embedded PostgreSQL."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streamer.backend import Backend
from streamer.bench.codes_benchmark import CodesBenchmark
from streamer.cli import app
from streamer.errors import InputError


@pytest.mark.long
async def test_a_small_clinic(tmp_path: Path) -> None:
    (row,) = await CodesBenchmark([150], 10, 50, tmp_path).run(lambda _text: None)
    assert (row.patients, row.at_once, row.redeemed) == (150, 10, 50)
    assert 0 < row.p50_ms <= row.p95_ms <= row.most_ms
    # Counting, the transaction's nine, its two events for the audit, and taking the count back.
    assert row.statements == 4
    assert row.cpu_ms > 0


@pytest.mark.long
async def test_no_device_has_to_wait_for_the_bare_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty attempts under way at one device would block it, and refuse what is measured next."""
    waits: list[int] = []
    bare = CodesBenchmark._bare

    async def watched(self: CodesBenchmark, backend: Backend, *rest: Any) -> list[float]:
        times = await bare(self, backend, *rest)
        async with backend.database.postgres.connection() as connection:
            waits.append(
                await connection.fetchval(
                    "SELECT count(*) FROM attempts WHERE scope = 'device' "
                    "AND blocked_until > last_at"
                )
            )
        return times

    monkeypatch.setattr(CodesBenchmark, "_bare", watched)
    await CodesBenchmark([600], 50, 250, tmp_path).run(lambda _text: None)
    assert waits == [0] * 5


def test_more_codes_than_patients_are_refused() -> None:
    result = CliRunner().invoke(app, ["bench", "codes", "--patients", "1000"])
    assert isinstance(result.exception, InputError)
    assert "raise it, or lower --redeemed" in str(result.exception)
