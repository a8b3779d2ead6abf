import asyncio
import resource
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from streamer.domain.check_in import CheckIn, EvidenceGrade, Method, Recorded
from streamer.errors import KirdiError
from streamer.storage.spool import Spool
from tests.data import ROOT
from tests.integration.storage.clinic import NOW, Clinic


def _check_in(number: int = 1) -> CheckIn:
    return CheckIn(
        event_id=UUID(int=number),
        site_id="test-1",
        appointment_id=uuid4(),
        patient_id=uuid4(),
        method=Method.FACE,
        evidence=EvidenceGrade.FACE,
        occurred_at=NOW + timedelta(microseconds=number),
        camera_id="lobby-1",
        score=0.1 + 0.2,
        threshold=None,
        pack_id="open",
    )


def test_what_is_put_is_there_until_removed(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    check_ins = [_check_in(number) for number in (3, 1, 2)]
    spool = Spool.open(path)
    for one in check_ins:
        spool.put(one)
    spool.put(replace(check_ins[0], score=None))
    assert spool.pending() == check_ins
    spool.remove(check_ins[1].event_id)
    spool.remove(uuid4())
    spool.close()
    again = Spool.open(path)
    assert again.pending() == [check_ins[0], check_ins[2]]
    again.close()
    assert str(check_ins[1].event_id).encode() not in path.read_bytes()
    with pytest.raises(KirdiError, match="is not open"):
        again.pending()


def test_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    path.touch(mode=0o666)
    path.chmod(0o666)
    Spool.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_service_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    spool = Spool.open(path)
    opening = subprocess.run(
        [sys.executable, "-c", _OPEN, str(path)], capture_output=True, text=True, cwd=ROOT
    )
    assert "is in use by another service" in opening.stderr
    with pytest.raises(KirdiError, match="is in use by another service"):
        Spool.open(path)
    spool.put(_check_in())
    spool.close()


def test_many_threads(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool.sqlite")

    def work(start: int) -> None:
        for number in range(start, start + 10):
            spool.put(_check_in(number))
            if number % 2:
                spool.remove(UUID(int=number))

    threads = [threading.Thread(target=work, args=(10 * n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.event_id.int for one in spool.pending()} == set(range(0, 50, 2))
    spool.close()


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    path.write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(KirdiError, match="is damaged; move it aside"):
        Spool.open(path)
    with pytest.raises(KirdiError, match="cannot be used"):
        Spool.open(tmp_path / "absent" / "spool.sqlite")
    with pytest.raises(KirdiError, match="cannot be used"):
        Spool.open(tmp_path)


def test_a_row_that_cannot_be_read_is_kept_and_said(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool.sqlite")
    spool._execute("INSERT INTO check_ins (event_id, body) VALUES (?, ?)", ("x", "{"))
    spool.put(_check_in())
    with capture_logs() as logs:
        assert len(spool.pending()) == 1
    assert [entry["event"] for entry in logs] == ["check-in in the spool cannot be read"]
    spool.close()


_OPEN = """
import sys
from pathlib import Path
from streamer.storage.spool import Spool
Spool.open(Path(sys.argv[1]))
"""
_FILL = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4
from streamer.errors import KirdiError
from streamer.storage.spool import Spool
from tests.integration.storage.test_spool import _check_in
spool = Spool.open(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
kept = 0
try:
    while True:
        spool.put(replace(_check_in(), event_id=uuid4()))
        kept += 1
except KirdiError as error:
    print(kept, len(spool.pending()), error)
"""


def test_a_full_disk_is_said_and_loses_nothing_kept(tmp_path: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    path = tmp_path / "spool.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", _FILL, str(path)], capture_output=True, text=True, cwd=ROOT
    )
    assert not done.stderr
    kept, pending, message = done.stdout.split(" ", 2)
    assert int(kept) == int(pending) > 20
    assert "spool" in message
    spool = Spool.open(path)
    assert len(spool.pending()) == int(kept)
    spool.close()


_DIE = """
import sys
from pathlib import Path
from uuid import UUID
from streamer.storage.spool import Spool
from tests.integration.storage.test_spool import _check_in
spool = Spool.open(Path(sys.argv[1]))
for number in range(1, 1000):
    spool.put(_check_in(number))
    print(number, flush=True)
"""


async def test_replay_after_kill_9(clinic: Clinic, tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _DIE, str(path)), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    for _ in range(5):
        acknowledged = int(await process.stdout.readline())
    process.kill()
    await process.wait()
    spool = await asyncio.to_thread(Spool.open, path)
    left = {one.event_id.int for one in spool.pending()}
    assert set(range(1, acknowledged + 1)) <= left

    # A real one, written to the database by the run that died before it could remove it.
    await clinic.expect(1)
    proposal = await clinic.proposal(1)
    spool.put(proposal)
    check_ins = clinic.check_ins()
    assert await check_ins.record(proposal) is Recorded.WRITTEN
    results = [await check_ins.record(one) for one in spool.pending()]
    assert results == [Recorded.REFUSED_UNKNOWN] * len(left) + [Recorded.DUPLICATE]
    assert await clinic.count("check_ins") == 1
    spool.close()
