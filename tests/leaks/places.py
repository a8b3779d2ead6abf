"""Everywhere a running installation may leave something: files, rows, memory, processes."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import redis

# A piece of a process's memory at a time; what is cut by its end is in the overlap.
_PIECE = 32 << 20
_OVERLAP = 4096

Place = tuple[str, bytes]


def files(folder: Path, leave_out: Iterable[str] = ()) -> Iterator[Place]:
    """Every regular file below a folder; servers make and remove some meanwhile."""
    left_out = frozenset(leave_out)
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if left_out.isdisjoint(within.parts) and path.is_file() and not path.is_symlink():
            with suppress(FileNotFoundError):
                yield str(within), path.read_bytes()


def shared_memory() -> Iterator[Place]:
    """/dev/shm; the system's own PostgreSQL apart, ours keeps nothing there."""
    for name, content in files(Path("/dev/shm")):
        if not name.startswith("PostgreSQL."):
            yield f"/dev/shm/{name}", content


async def rows(url: str) -> list[Place]:
    """Every row of every table as text, for the owner: what compression hides from files."""
    connection = await asyncpg.connect(url, timeout=10, command_timeout=60)
    try:
        # The owner, too, sees the site it names.
        if await connection.fetchval("SELECT to_regclass('site_logins')") is not None:
            await connection.fetch(
                "SELECT set_config('kirdi.site', site_id, false) FROM site_logins"
            )
        tables = await connection.fetch(
            "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = current_schema()::regnamespace ORDER BY 1"
        )
        found = []
        for table in tables:
            lines = await connection.fetch(f"SELECT one::text AS line FROM {table['name']} AS one")
            content = "\n".join(row["line"] for row in lines)
            found.append((f"table {table['name']}", content.encode()))
        return found
    finally:
        await connection.close()


def redis_value(client: redis.Redis, key: bytes) -> object:
    """All that a key holds; one of a kind nobody reads here would be searched in vain."""
    kind = client.type(key)
    if kind == b"hash":
        return client.hgetall(key)
    if kind == b"stream":
        return client.xrange(key)
    # A key may be over between the two questions.
    assert kind in (b"string", b"none"), f"{key!r} is a {kind!r}: say how it is read"
    return client.get(key)


def redis_values(url: str) -> Iterator[Place]:
    """Every key and value of Redis, as clients read them and as its dump has them."""
    client = redis.Redis.from_url(url)
    try:
        for key in client.scan_iter(count=1000):
            value = redis_value(client, key)
            yield f"Redis key {key!r}", repr(value).encode() + b"\0" + _bytes(client.dump(key))
            if isinstance(value, bytes):
                yield f"Redis key {key!r}", value
        client.config_set("rdbcompression", "no")
        client.save()
        folder, name = (client.config_get(key)[key] for key in ("dir", "dbfilename"))
        dump = Path(str(folder), str(name))
        yield "Redis's dump", dump.read_bytes()
        dump.unlink()
    finally:
        client.close()


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def memory_of(pid: int) -> Iterator[Place]:
    """A process's own writable memory; needs the right to look into it."""
    ranges = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", Path(f"/proc/{pid}/maps").read_text(), re.M)
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for first, last in ((int(a, 16), int(b, 16)) for a, b in ranges):
            for start in range(first, last, _PIECE):
                with suppress(OSError):
                    memory.seek(start)
                    length = min(_PIECE + _OVERLAP, last - start)
                    yield f"memory of {pid} at {start:x}", memory.read(length)


def processes(roots: Iterable[int]) -> Iterator[Place]:
    """Command lines and environments of some processes and of those they have started."""
    for pid in sorted(_with_children(roots)):
        for what in ("cmdline", "environ"):
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                yield f"{what} of {pid}", Path(f"/proc/{pid}/{what}").read_bytes()


def _with_children(roots: Iterable[int]) -> set[int]:
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError):
                stat = Path(f"/proc/{entry}/stat").read_text()
                parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    family = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family
