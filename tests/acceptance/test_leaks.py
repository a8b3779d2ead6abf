"""After a day's run nothing of anybody is anywhere; whatever is planted is found."""

import asyncio
import contextlib
import json
import os
import re
import secrets as randomness
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import cv2
import numpy as np
import pytest
import redis

from streamer.checkin.codes.qr_picture import read_qr
from streamer.domain.actor import Actor
from streamer.domain.report.reply import ReplyState
from streamer.domain.report.row import ReportRow, RowKind
from streamer.domain.verdict import VerdictKind
from streamer.embedded.services import EmbeddedServers
from streamer.storage.database_role import DatabaseRole
from tests.acceptance.console_day import PASSWORD, through_the_api
from tests.acceptance.kirdi import Kirdi, Result, appointment, write_csv
from tests.acceptance.leaks import BEGINNINGS
from tests.acceptance.people import decode, unseen_clips
from tests.acceptance.test_codes import film
from tests.fakes.http_service import HttpService
from tests.leaks import places
from tests.leaks.search import Allowed, search
from tests.leaks.secret import Secret, digits, raw, vector, words

SOON = timedelta(minutes=10)
CAMERA_PASSWORD = "Hunter2-Lobby-Sekret"
SMS_TOKEN = "sms-gateway-token-9f31"
DESK = ("--device", "desk-1", "--by", "dina")

PEOPLE = {
    "A": ("Айгүл Сейітқызы Әбдірахманова", "880214400017", "+77011234501"),
    "B": ("Бауыржан Қуатұлы Жұмағұлов", "750630300021", "+77011234502"),
    "C": ("Cemile Ойыншықызы Өтегенова", "910101400039", "+77011234503"),
    "D": ("Дәурен Ысқақұлы Нұрпейісов", "660712300044", "+77011234504"),
    "E": ("Eldana Шәріпқызы Іңкәрбекова", "010203600052", "+77011234505"),
}
"""Who of them is recorded in the clips is A, B and C; C is here by accident, a stranger."""


def with_check_digit(number: str) -> str:
    """An identity number whose last digit is right."""
    first = [int(one) for one in number[:11]]
    total = sum(place * digit for place, digit in enumerate(first, 1)) % 11
    if total == 10:
        weights = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
        total = sum(weight * digit for weight, digit in zip(weights, first, strict=True)) % 11
    return number[:11] + str(total)


class Day:
    """One day of one installation, and everything secret about it."""

    def __init__(self, kirdi: Kirdi) -> None:
        self.kirdi = kirdi
        self.secrets: list[Secret] = []
        self.said: list[tuple[str, bytes]] = []
        for ref, (name, number, phone) in PEOPLE.items():
            self.secrets.append(words(f"name of {ref}", name))
            self.secrets += [
                words(f"part {place} of the name of {ref}", part)
                for place, part in enumerate(name.split())
            ]
            self.secrets.append(digits(f"identity number of {ref}", with_check_digit(number)))
            self.secrets.append(digits(f"phone of {ref}", phone[-10:]))
        self.secrets.append(words("password of the camera", CAMERA_PASSWORD))
        self.secrets.append(words("token of the gateway", SMS_TOKEN))

    def run(self, *arguments: str | Path, stdin: str = "", shown: bool = False) -> Result:
        """A command that has to succeed; what it printed is searched too.

        Args:
            stdin: What it reads.
            shown: Its answer is a secret, on purpose.
        """
        result = self.kirdi(*arguments, "--json", stdin=stdin)
        assert result.code == 0, result.err
        name = " ".join(map(str, arguments[:2]))
        self.said.append((f"stderr of {name}", result.err.encode()))
        if not shown:
            self.said.append((f"stdout of {name}", result.out.encode()))
        return result

    def code(self, ref: str) -> str:
        """Have a code issued."""
        issued = self.run("codes", "issue", ref, "--by", "asel", shown=True).json[0]
        code = str(issued["code"])
        self.secrets.append(digits(f"code of {ref}", code))
        return code

    def sent_code(self, ref: str, gateway: HttpService) -> str:
        """Have a code sent to the patient's phone."""
        self.run("codes", "issue", ref, "--send", "--by", "asel")
        message = gateway.received[-1].body.decode()
        assert PEOPLE[ref][2] in message
        found = re.search(r"(?<!\d)\d{6}(?!\d)", message)
        assert found is not None
        code = found.group()
        self.secrets.append(digits(f"code of {ref}", code))
        return code


@pytest.mark.long
@pytest.mark.timeout(600)
def test_nothing_of_anybody_is_left_anywhere(kirdi: Kirdi, enrol: Callable[[str], None]) -> None:
    day = Day(kirdi)
    import_people(day)
    for person in ("A", "B"):
        enrol(person)
    picture = kirdi.folder / "code.png"
    day.run("codes", "issue", "E", "--qr", picture, "--by", "asel", shown=True)
    shown = cv2.imread(str(picture))
    assert shown is not None
    (token,) = read_qr(np.asarray(shown, dtype=np.uint8))
    day.secrets.append(words("QR code of E", token))
    film(kirdi.folder / "kiosk.mp4", decode(unseen_clips("A")[0]), shown)
    user = f"viewer:{CAMERA_PASSWORD}"
    lobby_clips = [unseen_clips(person)[0] for person in "CAB"]
    roles = "admin,reception,dpo"
    day.run("users", "add", "boss", "--role", roles, stdin=f"{PASSWORD}\n")
    token_file = kirdi.folder / "sms.token"
    token_file.write_text(SMS_TOKEN)
    with (
        in_background(HttpService()) as gateway,
        kirdi.camera(*lobby_clips, loop=True, user=user) as lobby,
        kirdi.camera(kirdi.folder / "kiosk.mp4", loop=True) as kiosk,
    ):
        kirdi.extra = {
            "codes": {"devices": {"desk-1": "main"}},
            "sms": {"url": gateway.url, "token_file": str(token_file)},
        }
        kirdi.cameras = [
            {"id": "lobby-1", "url": lobby},
            {"id": "kiosk-1", "url": kiosk, "kind": "kiosk"},
        ]
        with kirdi.service() as service:
            service.wait_until_logged('"recorded": "written"', seconds=90)
            service.wait_until_logged('"code shown"', seconds=60)
            redeemed = day.run(
                "codes", "redeem", "-", *DESK, stdin=day.sent_code("D", gateway) + "\n"
            )
            assert redeemed.json[0]["answer"] == "arrived"
            day.code("C")  # good until the evening
            day.run("check-ins", "list", "--date", "today")
            day.run("patients", "list")
            day.run("consents", "list")
            service.wait_until_logged('"recorded": "written"', seconds=60, times=2)
            (status,) = day.run("status").json
            day.secrets += through_the_api(status["url"], "boss", ("A", PEOPLE["A"][0]))
            asyncio.run(answer_a_report(day))
            kept = asyncio.run(learn_what_is_sealed(day))
            assert kept >= 2, "templates are looked for"
            day.run("consents", "withdraw", "B", "--by", "asel")
            found = search(alive(day, service.process.pid), day.secrets, ALLOWED)
            dies_without_a_trace(service.process.pid, kirdi.folder)
    found |= search(written(day), day.secrets, ALLOWED)
    found |= {f"{place}: {kind}" for place, kind in pictures(written(day))}
    assert found == set()
    assert list(kirdi.user_home.rglob("*")) == []


# Where a secret is at home, and what must not be elsewhere.
ALLOWED: Allowed = {
    "keys/kek": frozenset({"key-encryption key"}),
    "embedded/postgres.password": frozenset({"password of PostgreSQL"}),
    "embedded/redis.password": frozenset({"password of Redis"}),
    "embedded/redis/redis.conf": frozenset({"password of Redis"}),
    "home/cameras.yaml": frozenset({"password of a camera added"}),
}


def import_people(day: Day) -> None:
    """Patients with everything that is known of them, and an appointment each."""
    kirdi, now = day.kirdi, datetime.now(UTC)
    file = kirdi.folder / "patients.csv"
    write_csv(
        file,
        [
            {
                "patient_ref": ref,
                "full_name": name,
                "id_type": "iin",
                "id_number": with_check_digit(number),
                "phone": phone,
            }
            for ref, (name, number, phone) in PEOPLE.items()
        ],
    )
    day.run("patients", "import", file)
    booked = kirdi.folder / "booked.csv"
    write_csv(booked, [appointment(f"a-{ref}", ref, now + SOON) for ref in PEOPLE])
    day.run("appointments", "import", booked)


async def answer_a_report(day: Day) -> None:
    """A practitioner's answer about a visit of D, rejected with a note; both are looked for."""
    from config.load import load_settings
    from streamer.backend import open_backend
    from streamer.clock import SystemClock

    reason, where, note = "Дәурен ескі лифтпен келді", "қорап 7 сөре 3", "қай лифт екенін жазыңыз"
    day.secrets += [words("reason", reason), words("document", where), words("note", note)]
    row = ReportRow(
        *(RowKind.APPOINTMENT, "a-D", "D", "d-1", None, "S1", "Visit", datetime.now(UTC)),
        *("fulfilled", VerdictKind.UNVERIFIED),
    )
    settings, clock = load_settings(day.kirdi.write_settings(), {}), SystemClock()
    async with open_backend(settings, day.kirdi.home, clock) as backend:
        replies, head = backend.replies, Actor("botagoz")
        made = await replies.add(uuid4(), row, (reason, where), Actor("aigul"), clock.now())
        await replies.decide(made.reply_id, ReplyState.REJECTED, note, head, clock.now())
    (listed,) = day.run("report", "reply", "list", "--by", "asel", shown=True).json
    assert (listed["reason"], listed["document_ref"], listed["note"]) == (reason, where, note)


async def learn_what_is_sealed(day: Day) -> int:
    """Keys and templates of everybody enrolled, to be looked for; returns how many templates."""
    from config.load import load_settings
    from streamer.backend import open_backend
    from streamer.clock import SystemClock
    from streamer.crypto.key import KeyEncryptionKey
    from streamer.crypto.vault import Purpose, SealedFor
    from streamer.key_places import key_file

    home = day.kirdi.home
    day.secrets.append(raw("key-encryption key", key_file(home).read_bytes()))
    key = KeyEncryptionKey(key_file(home).read_bytes())
    day.secrets.append(raw("key for wrap-data-key", key.derive("kirdi/wrap-data-key/v1")))
    templates = []
    settings = load_settings(day.kirdi.write_settings(), {})
    async with open_backend(settings, home, SystemClock()) as backend:
        vault = backend.database.vault
        for use in ("identity-number", "code-token", "one-time-code"):
            secret = backend.database.secrets.derive(f"kirdi/{use}/v1")
            day.secrets.append(raw(f"key for {use}", secret))
        async with backend.database.postgres.connection() as connection:
            rows = await connection.fetch(
                "SELECT t.template_id, t.patient_id, t.pack_id, t.sealed_vector, k.wrapped_key "
                "FROM templates t JOIN template_keys k USING (template_id)"
            )
        for row in rows:
            place = SealedFor(
                row["patient_id"], Purpose.TEMPLATE, row["template_id"], row["pack_id"]
            )
            plain = vault.unseal(row["wrapped_key"], place, row["sealed_vector"], own_key=True)
            templates.append(np.frombuffer(plain, "<f4"))
    day.secrets.append(vector("a template", np.concatenate(templates)))
    return len(templates)


def written(day: Day) -> Iterator[places.Place]:
    """What is in files, and what commands have printed."""
    kirdi = day.kirdi
    for name, content in places.files(kirdi.home, leave_out=("models",)):
        yield f"home/{name}", without_references(name, content)
    yield from places.shared_memory()
    yield "the service's log", (kirdi.folder / "service.log").read_bytes()
    yield "the service's output", (kirdi.folder / "counters.json").read_bytes()
    yield from day.said


def alive(day: Day, service: int) -> Iterator[places.Place]:
    """What is in files, rows, Redis and its memory, and in what processes show of themselves."""
    yield from written(day)
    with embedded(day.kirdi.home) as (database_url, redis_url):
        day.secrets.append(words("password of PostgreSQL", str(urlsplit(database_url).password)))
        yield from asyncio.run(places.rows(database_url))
        roots = [service, *server_pids(day.kirdi.home)]
        yield from places.processes(roots)
        if redis_url is not None:
            day.secrets.append(words("password of Redis", redis_password(redis_url)))
            yield from places.redis_values(redis_url)
            (pid,) = server_pids(day.kirdi.home, "redis")
            if os.geteuid() == 0:
                yield from places.memory_of(pid)


@contextlib.contextmanager
def in_background(service: HttpService) -> Iterator[HttpService]:
    """A server on a loop of its own, beside commands that are waited for."""
    loop = asyncio.new_event_loop()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(loop.run_forever)
        try:
            asyncio.run_coroutine_threadsafe(service.__aenter__(), loop).result(10)
            yield service
            end = service.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(end, loop).result(10)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            running.result(10)
            loop.close()


@contextlib.contextmanager
def embedded(home: Path) -> Iterator[tuple[str, str | None]]:
    """The running servers' URLs, as the owner; stopped at the end, unless others use them."""
    servers = EmbeddedServers(home)
    holder = servers.acquire(database=True, redis=True)
    try:
        _, redis_url = servers.services(holder)
        yield servers.database_url(DatabaseRole.OWNER), redis_url
    finally:
        servers.release(holder)


def server_pids(home: Path, name: str = "") -> list[int]:
    status = EmbeddedServers(home).status()
    return [one.pid for one in status if one.pid is not None and one.name.startswith(name)]


def redis_password(url: str) -> str:
    with contextlib.closing(redis.Redis.from_url(url)) as client:
        password: str = client.connection_pool.connection_kwargs["password"]
        return password


def pictures(found: Iterator[places.Place]) -> Iterator[tuple[str, str]]:
    """Crops, and arrays that were dumped: nobody's in particular."""
    for place, content in found:
        for kind in ("JPEG", "PNG", "WebP", "NumPy file"):
            if BEGINNINGS[kind].search(content):
                yield place, kind


def without_references(name: str, content: bytes) -> bytes:
    """Where each camera looks is kept as 32 x 18 grey values: a wall has so many, and no face."""
    if not name.endswith("references.json"):
        return content
    return re.sub(rb'"luma": *"[0-9a-f]{1152}"', b"", content)


def dies_without_a_trace(pid: int, folder: Path) -> None:
    """Crash the service as a fault of its own would: the kernel writes no core dump."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M), limits
    os.kill(pid, signal.SIGABRT)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status), "there is a core dump"
    assert not list(folder.rglob("core*")), "there is a core dump"


SECRETS = (
    words("name", "Планта Тест"),
    digits("number", "880214400017"),
    digits("code", "402913"),
    raw("key", bytes(range(100, 132))),
    vector("template", np.random.default_rng(3).normal(0, 0.05, 512).astype(np.float32)),
    words("password", "pa55-planted"),
)


@pytest.mark.long
def test_each_secret_is_found_in_each_place(kirdi: Kirdi) -> None:
    numbers = SECRETS[4].vector
    assert numbers is not None
    planted = {
        "name": "…;Планта Тест;…".encode(),
        "number": b"iin=880214 400017;",
        "code": b'{"code": "402913"}',
        "key": bytes(range(100, 132)).hex().encode(),
        "template": numbers[100:140].tobytes(),
        "password": b"redis://:pa55-planted@host",
    }
    everything = b"\n".join(planted.values())
    name = "kirdi-planted-" + randomness.token_hex(4)
    shared = Path("/dev/shm", name)
    with embedded(kirdi.home) as (database_url, redis_url):
        try:
            shared.write_bytes(everything)
            (kirdi.home / "planted.log").write_bytes(b"line\n" + everything)
            assert redis_url is not None
            with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
                client.set("planted", everything)
            asyncio.run(plant_row(database_url, everything))
            found = search(
                [
                    *places.files(kirdi.home, leave_out=("models",)),
                    *places.shared_memory(),
                    *places.redis_values(redis_url),
                    *(places.memory_of(server_pids(kirdi.home, "redis")[0])),
                    *asyncio.run(places.rows(database_url)),
                ],
                SECRETS,
                {},
            )
        finally:
            shared.unlink(missing_ok=True)
    kinds = {
        "a log": r"planted\.log",
        "a table's file": r"embedded/.*/base/\d+/\d+",
        "the write-ahead log": r"embedded/.*/pg_wal/[0-9A-F]{24}",
        "a row": "table planted",
        "Redis": "Redis key b'planted'",
        "Redis's dump": "Redis's dump",
        "Redis's memory": "memory of",
        "shared memory": f"/dev/shm/{name}",
    }
    seen = {
        (kind, secret)
        for kind, pattern in kinds.items()
        for place, _, secret in (one.rpartition(": ") for one in found)
        if re.match(pattern, place)
    }
    missing = {(kind, one.name) for kind in kinds for one in SECRETS} - seen
    assert missing == set()


async def plant_row(url: str, content: bytes) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE planted (content bytea)")
        await connection.execute("ALTER TABLE planted ALTER content SET STORAGE PLAIN")
        await connection.execute("INSERT INTO planted VALUES ($1)", content)
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def test_what_processes_show_is_searched(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)", "pa55-planted"],
        env={"IIN": "880214400017"},
    ) as process:
        try:
            found = search(places.processes([os.getpid()]), SECRETS, {})
        finally:
            process.kill()
    assert {one.partition(" of ")[0] + one.rpartition(":")[2] for one in found} == {
        "cmdline password",
        "environ number",
    }


def test_chance_is_not_taken_for_a_secret() -> None:
    everything = os.urandom(4_000_000) + bytes(1_000_000) + json.dumps(list(range(5000))).encode()
    assert search([("noise", everything)], SECRETS, {}) == set()
