"""After a run nothing of a stranger is anywhere; the search finds what is planted."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import redis

from streamer.embedded.services import EmbeddedServers
from tests.acceptance.kirdi import Kirdi
from tests.acceptance.leaks import files_below, leaks
from tests.acceptance.people import unseen_clips

# Of who is recognised, and of who has an appointment and is not enrolled.
NAMES = ["Person A", "Person B"]
SECRET = "hunter2-secret"


@pytest.mark.long
def test_nothing_of_a_stranger_is_written(kirdi: Kirdi, enrol: Callable[[str], None]) -> None:
    """A is enrolled, B walks by without being known; the service is searched live and after."""
    kirdi.import_people(["A", "B"])
    enrol("A")
    user = f"viewer:{SECRET}"
    with kirdi.camera(*unseen_clips("B")[:2], *unseen_clips("A"), loop=True, user=user) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"recorded": "written"', seconds=60)
            found = search(kirdi) | {
                f"Redis: {leak}" for leak in leaks(dump_redis(kirdi.home), [*NAMES, SECRET])
            }
    assert found | search(kirdi) == set()
    # Libraries that keep an id or a count of their use would leave it here.
    assert list(kirdi.user_home.rglob("*")) == []


def search(kirdi: Kirdi) -> set[str]:
    """The home folder with the database's files and logs, shared memory, the service's log."""
    places = [*files_below(kirdi.home), *shared_memory()]
    places.append((kirdi.folder / "service.log", (kirdi.folder / "service.log").read_bytes()))
    assert any("embedded" in path.parts for path, _ in places), "the database's files are searched"
    return {
        f"{path}: {leak}"
        for path, content in places
        for leak in leaks(without_references(path, content), [*NAMES, SECRET])
    }


def without_references(path: Path, content: bytes) -> bytes:
    """Where each camera looks is kept as 32 x 18 grey values: a wall has so many, and no face."""
    if path.name != "references.json":
        return content
    entries = json.loads(content)
    for entry in entries.values():
        assert len(bytes.fromhex(entry.pop("luma"))) == 32 * 18
    return json.dumps(entries).encode()


def shared_memory() -> list[tuple[Path, bytes]]:
    """What lies in /dev/shm; the system's own PostgreSQL servers apart, ours keep nothing there."""
    return [
        (path, content)
        for path, content in files_below(Path("/dev/shm"))
        if not path.name.startswith("PostgreSQL.")
    ]


def dump_redis(home: Path) -> bytes:
    """Every key and value, as clients read them and as the server would write them to a file."""
    servers = EmbeddedServers(home)
    holder = servers.acquire(database=False, redis=True)
    try:
        _, url = servers.services(holder)
        if url is None:
            pytest.skip("no redis-server is installed")
        client = redis.Redis.from_url(url)
        keys = list(client.scan_iter(count=1000))
        assert keys, "the schedule is read through Redis"
        parts = [part for key in keys for part in (key, value_of(client, key), client.dump(key))]
        client.close()
        return b"\0".join(raw(part or b"") for part in parts)
    finally:
        servers.release(holder)


def value_of(client: redis.Redis, key: bytes) -> bytes:
    kind = client.type(key)
    if kind == b"hash":
        return b"".join(raw(part) for pair in client.hgetall(key).items() for part in pair)
    if kind == b"stream":
        entries = [fields or {} for _, fields in client.xrange(key) or ()]
        return b"".join(raw(part) for one in entries for pair in one.items() for part in pair)
    return raw(client.get(key) or b"")


def raw(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def test_the_search_finds_what_is_planted(kirdi: Kirdi) -> None:
    vector = np.random.default_rng(1).normal(scale=0.1, size=128).astype(np.float32)
    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    planted = {
        "vector": b"xxx" + vector.tobytes() + b"yy",
        "double": b"x" + vector.astype(np.float64).tobytes(),
        "half": vector.tobytes()[:300],
        "text": str([round(float(one), 4) for one in vector]).encode(),
        "base64": base64.b64encode(vector.tobytes()),
        "jpeg": b"header" + cv2.imencode(".jpg", picture)[1].tobytes(),
        "png": cv2.imencode(".png", picture)[1].tobytes(),
        "name": f"row;{NAMES[1]};".encode(),
    }
    kirdi.home.joinpath("deep", "er").mkdir(parents=True)
    for name, content in planted.items():
        kirdi.home.joinpath("deep", "er", name).write_bytes(os.urandom(3000) + content)
    found = {path.name: list(leaks(content, NAMES)) for path, content in files_below(kirdi.home)}
    assert {name for name in planted if found[name]} == set(planted)
    assert list(leaks(os.urandom(2_000_000) + bytes(2_000_000) + b"Person C", NAMES)) == []
