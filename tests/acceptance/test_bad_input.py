"""Wrong input gets one line that names the thing and the remedy, and nothing is half-written."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import cv2
import numpy as np
import pytest

from streamer.embedded.services import EmbeddedServers
from streamer.storage.database_role import DatabaseRole
from tests import data
from tests.acceptance.kirdi import Kirdi, Result, appointment, write_csv
from tests.acceptance.people import stills


def refused(result: Result, code: int, *words: str) -> None:
    assert result.code == code, (result.code, result.out, result.err)
    (line,) = [one for one in result.err.splitlines() if one.startswith("kirdi: ")]
    assert all(word in line for word in words), line
    assert "Traceback" not in result.err
    assert "hunter2" not in result.err + result.out


@contextmanager
def silent_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1]


def test_cameras(kirdi: Kirdi, tmp_path: Path) -> None:
    from tests.video import make_video

    text = tmp_path / "notes.mp4"
    text.write_text("not a video")
    with silent_port() as port:
        url = f"rtsp://viewer:hunter2@127.0.0.1:{port}/stream"
        refused(kirdi("camera", "probe", url, "--timeout", "3"), 7, f"127.0.0.1:{port}")
    refused(kirdi("camera", "probe", "http://viewer:hunter2@h/"), 4, "rtsp")
    refused(kirdi("camera", "simulate", text, "--port", "0"), 4, "notes.mp4")
    refused(kirdi("camera", "simulate", tmp_path / "no.mp4", "--port", "0"), 4, "no.mp4")
    clip = tmp_path / "clip.mp4"
    make_video(clip)
    with kirdi.camera(clip, user="viewer:hunter2") as url:
        wrong = url.replace("hunter2", "hunter22")
        result = kirdi("camera", "probe", wrong)
        refused(result, 7, "password")
        assert "hunter22" not in result.err
        assert kirdi.ok("camera", "probe", url)[0]["codec"] == "h264"


def test_settings(kirdi: Kirdi, tmp_path: Path) -> None:
    camera = {"id": "a", "url": "rtsp://viewer:hunter2@10.0.0.5/1"}
    kirdi.cameras = [camera, camera]
    for command in (("run",), ("config", "check"), ("appointments", "list")):
        refused(kirdi(*command), 3, "'a'", "twice")
    kirdi.cameras = []
    kirdi.extra = {"databse": {}}
    refused(kirdi("run"), 3, "databse", "database?")
    refused(kirdi("run", "--config", tmp_path / "no.yaml"), 3, "no.yaml")


def test_servers_that_refuse(kirdi: Kirdi) -> None:
    with silent_port() as port:
        kirdi.extra = {"database": {"url": f"postgresql://kirdi:hunter2@127.0.0.1:{port}/kirdi"}}
        refused(kirdi("run"), 5, f"127.0.0.1:{port}")
        refused(kirdi("db", "migrate"), 5, f"127.0.0.1:{port}")
        # Redis is a cache: without it everything works, and the log says so.
        kirdi.extra = {"redis": {"url": f"redis://:hunter2@127.0.0.1:{port}/0"}}
        kirdi.import_people(["A"])
        assert kirdi.statuses() == {"a-A": "booked"}


@pytest.mark.long
def test_models(kirdi: Kirdi) -> None:
    detector = kirdi.home / "models" / "open" / "detector.onnx"
    detector.write_bytes(detector.read_bytes()[:-100])
    result = kirdi("models", "verify")
    refused(result, 6, "open", "kirdi models build")
    kirdi.ok("models", "build")
    assert all(check["ok"] for check in kirdi.ok("models", "verify"))
    refused(kirdi("models", "build", "nosuch"), 6, "nosuch")
    kirdi.extra = {"models": {"device": "cuda"}}
    kirdi.import_people(["A"])
    refused(kirdi("run"), 6, "cuda")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"patient_ref": "p", "full_nmae": "x"}], ["full_nmae", "full_name"]),
        ([{"patient_ref": "p"}], ["full_name"]),
        (
            [{"patient_ref": "p", "full_name": "x", "birth_date": "31.12.1990"}],
            ["line 2", "birth_date"],
        ),
        ([{"patient_ref": "p", "full_name": "x"}] * 2, ["line 3", "patient_ref"]),
        (
            [{"patient_ref": "p", "full_name": "x", "guardian_refs": "nobody"}],
            ["line 2", "guardian_refs"],
        ),
    ],
    ids=["wrong column", "missing column", "wrong date", "duplicate", "unknown reference"],
)
def test_patients_file(
    kirdi: Kirdi, tmp_path: Path, rows: list[dict[str, str]], words: list[str]
) -> None:
    file = tmp_path / "p.csv"
    write_csv(file, rows)
    refused(kirdi("patients", "import", file), 4, "p.csv", *words)
    good = tmp_path / "good.csv"
    write_csv(good, [{"patient_ref": "p", "full_name": "x"}])
    # Nothing of the bad file is there: the same patient is new.
    assert kirdi.ok("patients", "import", good)[0]["created"] == 1


@pytest.mark.long
def test_appointments_file(kirdi: Kirdi, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    kirdi.import_people(["p"])
    starts = datetime.now(UTC)
    good, file = appointment("x", "p", starts), tmp_path / "a.csv"
    for change, words in (
        ({"patient_ref": "nobody"}, ["line 3", "patient_ref"]),
        ({"status": "came"}, ["line 3", "status"]),
        ({"starts_at": "tomorrow"}, ["line 3", "starts_at"]),
        ({"ends_at": "2020-01-01T00:00:00Z"}, ["line 3", "ends_at"]),
    ):
        write_csv(file, [good, good | {"appointment_ref": "y"} | change])
        refused(kirdi("appointments", "import", file), 4, "a.csv", *words)
    assert set(kirdi.statuses()) == {"a-p"}


@pytest.mark.long
def test_photos(kirdi: Kirdi, tmp_path: Path) -> None:
    text, grey = tmp_path / "text.jpg", tmp_path / "grey.png"
    text.write_text("no picture")
    cv2.imwrite(str(grey), np.full((300, 300, 3), 128, dtype=np.uint8))
    kirdi.import_people(["A"])
    refused(kirdi("patients", "enroll", "A", grey), 4, "A", "kirdi consents record")
    kirdi.consent("A")

    def enrol(*arguments: str | Path) -> Result:
        return kirdi("patients", "enroll", *arguments)

    refused(enrol("A", text), 4, "text.jpg", "no picture")
    refused(enrol("A", grey), 4, "grey.png", "no face")
    refused(enrol("A", tmp_path / "no.jpg"), 4, "no.jpg")
    refused(enrol("A", grey, "--consent-ref", "c"), 4, "A", "consent-A", "--consent-ref")
    crowd = data.need("clips/crowd.mp4")
    from tests.acceptance.people import decode

    many = tmp_path / "many.png"
    cv2.imwrite(str(many), cv2.cvtColor(decode(crowd)[60], cv2.COLOR_RGB2BGR))
    refused(enrol("A", many), 4, "many.png", "faces")
    mixed = [stills("A", tmp_path)[0], stills("C", tmp_path)[0]]
    refused(enrol("A", *mixed), 4, "different people")
    refused(enrol("nobody", mixed[0]), 4, "nobody")
    small = cv2.imread(str(mixed[0]))
    assert small is not None
    tiny = tmp_path / "tiny.png"
    cv2.imwrite(str(tiny), cv2.resize(small, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA))
    refused(enrol("A", tiny), 4, "tiny.png", "too small")
    warned = enrol("A", mixed[0])
    assert warned.code == 0
    assert "pixels wide" in warned.err
    assert "one photo only" in warned.err


def test_photos_that_are_traps(kirdi: Kirdi, tmp_path: Path) -> None:
    kirdi.import_people(["A"])
    pipe, bomb = tmp_path / "pipe.jpg", tmp_path / "bomb.png"
    os.mkfifo(pipe)
    cv2.imwrite(str(bomb), np.zeros((9000, 9000), dtype=np.uint8))
    assert bomb.stat().st_size < 1_000_000
    for photo, words in (("/dev/zero", "no file"), (pipe, "no file"), (bomb, "megapixels")):
        result = kirdi("patients", "enroll", "A", photo, timeout=20)
        refused(result, 4, words)


def test_a_database_newer_than_the_code(kirdi: Kirdi) -> None:
    kirdi.ok("db", "migrate")
    servers = EmbeddedServers(kirdi.home)
    holder = servers.acquire(database=True, redis=False)
    try:
        asyncio.run(pretend_newer(servers.database_url(DatabaseRole.OWNER)))
        for command in (("run",), ("db", "migrate"), ("appointments", "list")):
            refused(kirdi(*command), 5, "newer", "update kirdi")
    finally:
        servers.release(holder)


async def pretend_newer(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()


def test_a_key_that_is_gone(kirdi: Kirdi) -> None:
    kirdi.import_people(["A"])
    key = kirdi.home / "keys" / "kek"
    key.chmod(0o644)
    refused(kirdi("appointments", "list"), 9, "chmod 600")
    key.unlink()
    refused(kirdi("appointments", "list"), 9, "missing")
    assert not key.exists()


def test_debug_shows_the_traceback(kirdi: Kirdi, tmp_path: Path) -> None:
    result = kirdi("--debug", "patients", "import", tmp_path / "no.csv")
    assert "Traceback" in result.err
    assert result.code == 4
    assert "kirdi: " in result.err.splitlines()[-1]
