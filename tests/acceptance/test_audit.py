"""`kirdi audit` as an auditor uses it: list, verify, export; and what a tampered one says."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from streamer.embedded.services import EmbeddedServers
from streamer.storage.database_role import DatabaseRole
from tests.acceptance.kirdi import Kirdi, Result
from tests.data import ROOT

PATIENTS = "patient_ref,full_name\nP-1,Ахметова Айгүл\nP-2,Bota B\n"


@pytest.fixture
def kirdi(tmp_path: Path) -> Kirdi:
    kirdi = Kirdi(tmp_path)
    file = tmp_path / "patients.csv"
    file.write_text(PATIENTS)
    run(kirdi, "patients", "import", str(file), "--by", "nina")
    run(kirdi, "codes", "issue", "P-1")
    return kirdi


def run(kirdi: Kirdi, *arguments: str, code: int = 0) -> Result:
    result = kirdi(*arguments)
    assert result.code == code, result.err
    return result


def _document() -> str:
    """The program that docs/audit.md gives to whoever checks an export without Kirdi."""
    text = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return str(program)


def _checked(folder: Path, file: Path) -> subprocess.CompletedProcess[str]:
    program = folder / "check.py"
    program.write_text(_document())
    return subprocess.run(
        [sys.executable, "-I", str(program), str(file)], capture_output=True, text=True, check=False
    )


def test_an_audit_is_listed_verified_exported_and_tampered_with(
    kirdi: Kirdi, tmp_path: Path
) -> None:
    listed = run(kirdi, "audit", "list", "--json").json
    assert [one["kind"] for one in listed] == ["audit-read", "code-issue", "import"]
    assert listed[2]["actor"].startswith("nina (through ")
    assert [
        one["kind"] for one in run(kirdi, "audit", "list", "--kind", "import", "--json").json
    ] == ["import"]
    run(kirdi, "codes", "list", "--by", "nina")
    about = run(kirdi, "audit", "list", "--patient", "P-1", "--from", "yesterday", "--json").json
    assert [one["kind"] for one in about] == ["patient-read", "code-issue", "import"]
    assert about[0]["actor"].startswith("nina (through ")

    (sound,) = run(kirdi, "audit", "verify", "--json").json
    assert (sound["sound"], sound["findings"], sound["events"]) == (True, [], 7)
    assert sound["checkpoints"] >= 4

    # Exported, and checked by what docs/audit.md gives to people without Kirdi.
    file = tmp_path / "audit.ndjson"
    run(kirdi, "audit", "export", "-o", str(file))
    resources = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {one["resourceType"] for one in resources} == {"AuditEvent"}
    assert len(resources) == 8
    chain = tmp_path / "audit.chain.ndjson"
    done = _checked(tmp_path, chain)
    assert (done.returncode, done.stdout) == (0, "8 events, as they were written\n"), done.stderr
    text = chain.read_text(encoding="utf-8")
    chain.write_text(text.replace("nina", "aina", 1), encoding="utf-8")
    assert _checked(tmp_path, chain).returncode == 1

    # An insider with every right edits, and computes the chain anew.
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes((kirdi.home / "audit" / "checkpoints.jsonl").read_bytes())
    asyncio.run(_tamper(kirdi.home))
    wrong = run(kirdi, "audit", "verify", code=13)
    assert "is not what was written" in wrong.out
    assert wrong.err.startswith("kirdi: audit: is not as it was written")
    (told,) = run(kirdi, "audit", "verify", "--checkpoints", str(kept), "--json", code=13).json
    assert told["sound"] is False


@pytest.mark.long
def test_what_cannot_be(kirdi: Kirdi, tmp_path: Path) -> None:
    assert "is unknown" in run(kirdi, "audit", "list", "--patient", "P-9", code=4).err
    assert "give --from" in run(kirdi, "audit", "list", "--to", "today", code=4).err
    assert (
        "cannot be read" in run(kirdi, "audit", "verify", "--checkpoints", "no.jsonl", code=4).err
    )
    nowhere = tmp_path / "none" / "audit.ndjson"
    assert "cannot be written" in run(kirdi, "audit", "export", "-o", str(nowhere), code=4).err
    assert "ending" in run(kirdi, "audit", "export", "-o", str(tmp_path / "audit"), code=4).err
    (kirdi.home / "audit" / "checkpoints.jsonl").unlink()
    # Whether it must have been there is a question of how old the audit is.
    assert "is not there" in run(kirdi, "audit", "verify").err
    (kirdi.home / "audit" / "checkpoints.jsonl").unlink()
    kirdi.extra = {"audit": {"checkpoint_s": 1}}
    assert "is not there" in run(kirdi, "audit", "verify", code=13).out


async def _tamper(home: Path) -> None:
    servers = EmbeddedServers(home)
    holder = await asyncio.to_thread(servers.acquire, database=True, redis=False)
    try:
        connection = await asyncpg.connect(servers.database_url(DatabaseRole.OWNER))
        try:
            await connection.fetch(
                "SELECT set_config('kirdi.site', site_id, false) FROM site_logins"
            )
            await connection.execute(
                "ALTER TABLE audit_events DISABLE TRIGGER USER;"
                "UPDATE audit_events SET body = replace(body::text, 'nina', 'aina')::json;"
                "ALTER TABLE audit_events ENABLE TRIGGER USER"
            )
        finally:
            await connection.close()
    finally:
        await asyncio.to_thread(servers.release, holder)
