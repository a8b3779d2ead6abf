"""Checkpoints go to the file and away; whatever is in the way holds up nothing and is told."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from streamer.audit_keeper import AuditKeeper, troubles_of
from streamer.clock import SystemClock
from streamer.domain.chain_head import ChainHead
from streamer.errors import DatabaseError, KirdiError, OutsideError
from tests.fakes.clock import FakeClock


class Place:
    """Database, file and server at once."""

    def __init__(self) -> None:
        self.sequence = 0
        self.away: set[str] = set()
        self.lines: list[list[ChainHead]] = []
        self.sent: list[bytes] = []
        self.tries = 0
        self.arrived = asyncio.Event()

    async def heads(self) -> tuple[ChainHead, ...]:
        if "database" in self.away:
            raise DatabaseError("database: is away")
        return tuple(ChainHead(lane, self.sequence if lane else 0, b"h" * 32) for lane in range(3))

    def append(
        self, heads: Sequence[ChainHead], at: datetime, changed: Sequence[ChainHead] | None = None
    ) -> bytes | None:
        if "file" in self.away:
            raise KirdiError("audit checkpoints x: cannot be written (full)")
        self.lines.append(list(changed or ()))
        return str(self.sequence).encode()

    async def send(self, line: bytes) -> None:
        self.tries += 1
        if "url" in self.away:
            raise OutsideError("audit.checkpoint_url: no answer in 5 s")
        self.sent.append(line)
        self.arrived.set()


def keeper(place: Place, home: Path, every_s: float = 60.0) -> AuditKeeper:
    return AuditKeeper(place, place, place, home, every_s, FakeClock())


async def test_only_what_changed_is_named(tmp_path: Path) -> None:
    place = Place()
    keep = keeper(place, tmp_path)
    await keep.write()
    place.sequence = 4
    await keep.write()
    assert [[head.lane for head in line] for line in place.lines] == [[0, 1, 2], [1, 2]]
    for _ in range(60):
        await keep.write()
    assert [0, 1, 2] in [[head.lane for head in line] for line in place.lines[2:]]


async def test_what_is_away_is_told_and_tried_again(tmp_path: Path) -> None:
    place = Place()
    keep = keeper(place, tmp_path)
    for what, words in (("database", "is away"), ("file", "cannot be written")):
        place.away = {what}
        await keep.write()
        assert words in troubles_of(tmp_path)[0]
        place.away = set()
        await keep.write()
        assert troubles_of(tmp_path) == ()
    assert len(place.lines) == 2


async def test_the_file_goes_on_while_the_server_is_away(tmp_path: Path) -> None:
    place, stop = Place(), asyncio.Event()
    keep = AuditKeeper(place, place, place, tmp_path, 0.01, SystemClock())
    place.away = {"url"}
    tasks = [asyncio.create_task(keep.run(stop)), asyncio.create_task(keep.send(stop))]
    while len(place.lines) < 5 or not place.tries:
        place.sequence += 1
        await asyncio.sleep(0.01)
    assert "no answer" in troubles_of(tmp_path)[0]
    place.away = set()
    stop.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)
    # The newest, which stands for all before; and no others.
    assert place.sent == [str(place.sequence).encode()]
    assert troubles_of(tmp_path) == ()


async def test_each_new_line_is_sent(tmp_path: Path) -> None:
    place, stop = Place(), asyncio.Event()
    keep = AuditKeeper(place, place, place, tmp_path, 60.0, SystemClock())
    sending = asyncio.create_task(keep.send(stop))
    for number in range(3):
        place.sequence = number
        place.arrived.clear()
        await keep.write()
        await place.arrived.wait()
    running = asyncio.create_task(keep.run(stop))
    stop.set()
    await asyncio.wait_for(asyncio.gather(sending, running), 10)
    assert place.sent[:3] == [b"0", b"1", b"2"]


async def test_without_a_server_nothing_is_sent(tmp_path: Path) -> None:
    place, stop = Place(), asyncio.Event()
    keep = AuditKeeper(place, place, None, tmp_path, 60.0, SystemClock())
    stop.set()
    await asyncio.gather(keep.run(stop), keep.send(stop))
    assert (len(place.lines), place.sent) == (2, [])


def test_no_state_or_a_damaged_one_is_no_trouble(tmp_path: Path) -> None:
    assert troubles_of(tmp_path) == ()
    (tmp_path / "audit").mkdir()
    for text in ("", "[]", "null", '{"troubles": 3}'):
        (tmp_path / "audit" / "state.json").write_text(text)
        assert troubles_of(tmp_path) == ()
