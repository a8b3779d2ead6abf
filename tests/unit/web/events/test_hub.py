"""The hub: who is told what, in which order, and what a page that was away gets."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from streamer.clock import SystemClock
from streamer.domain.appointment_entry import AppointmentEntry
from streamer.domain.day_change import DayChange, DayVersions, ReviewChange
from streamer.domain.day_row import DayRow
from streamer.errors import CacheError, DatabaseError
from streamer.web.event_stream import StreamedEvent
from streamer.web.events.hub import MOST_OF_ACCOUNT, EventHub
from streamer.web.events.page import MOST_WAITING, FollowingPage
from streamer.web.events.view import View

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ALL = View(True, None, seen=True, codes=True, consents=True, reviews=True, cameras=None)
OWN = View(
    True,
    frozenset({"d-1"}),
    seen=False,
    codes=False,
    consents=False,
    reviews=False,
    cameras=None,
)


class Rows:
    """Appointments by key, of one practitioner each."""

    def __init__(self) -> None:
        self.of: dict[UUID, str] = {}
        self.away = False

    def add(self, practitioner: str = "d-1") -> UUID:
        key = uuid4()
        self.of[key] = practitioner
        return key

    async def changed(self, keys: Collection[UUID]) -> Sequence[DayRow]:
        if self.away:
            raise DatabaseError("away")
        return [row(key, self.of[key]) for key in keys if key in self.of]


def row(key: UUID, practitioner: str) -> DayRow:
    entry = AppointmentEntry(
        "A-1", "P-1", practitioner, "Dr", "B", "Visit", NOW, NOW, "arrived", "site", None, None,
        None, False, None,
    )  # fmt: skip
    return DayRow(key, entry, None, ("early",), None, enrolled=True)


class Stream:
    """A Redis stream as far as the hub knows it."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, DayChange]] = []
        self.away = False
        self.deaf = False
        self._added = asyncio.Event()

    async def append(self, change: DayChange) -> str:
        if self.away:
            raise CacheError("away")
        identity = f"{len(self.entries) + 1}-0"
        self.entries.append((identity, change))
        self._added.set()
        return identity

    async def newest(self) -> str:
        if self.away:
            raise CacheError("away")
        return self.entries[-1][0] if self.entries else "0-0"

    async def follow(self, after: str) -> Sequence[tuple[str, DayChange]]:
        if self.away:
            raise CacheError("away")
        number = int(after.partition("-")[0])
        if self.deaf or len(self.entries) <= number:
            self._added.clear()
            await asyncio.sleep(0.01)
            return []
        return self.entries[number:]

    async def since(self, after: str, most: int) -> Sequence[tuple[str, DayChange]] | None:
        known = [identity for identity, _ in self.entries]
        if after not in known:
            return None
        return self.entries[known.index(after) + 1 :]


@asynccontextmanager
async def running(hub: EventHub) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(hub.run(stop))
    try:
        await asyncio.sleep(0.05)
        yield
    finally:
        stop.set()
        await task


async def heard(events: AsyncIterator[StreamedEvent], name: str) -> StreamedEvent:
    async with asyncio.timeout(5):
        async for event in events:
            if event.name == name:
                return event
    raise AssertionError(f"no {name}")


async def test_all_pages_hear_what_they_may() -> None:
    rows, stream = Rows(), Stream()
    hub = EventHub(rows, stream, SystemClock())
    mine, other = rows.add("d-1"), rows.add("d-2")
    async with running(hub):
        everybody = [hub.follow(ALL, "a", None) for _ in range(3)]
        own = hub.follow(OWN, "b", None)
        for page in (*everybody, own):
            await heard(page, "following")
        await hub.publish(DayChange((mine, other)))
        for page in everybody:
            told = json.loads((await heard(page, "appointments")).data)
            assert {one["key"] for one in told} == {str(mine), str(other)}
            assert told[0]["seen"] == ["early"]
            assert told[0]["enrolled"] is True
        (told,) = json.loads((await heard(own, "appointments")).data)
        assert told["key"] == str(mine)
        assert "seen" not in told
        assert "enrolled" not in told
        assert hub.pages == 4
        for page in (*everybody, own):
            await page.aclose()
        assert hub.pages == 0
        assert not hub.wanted.is_set()


async def test_a_page_that_was_away_goes_on_where_it_stopped() -> None:
    rows, stream = Rows(), Stream()
    hub = EventHub(rows, stream, SystemClock())
    first, second = rows.add(), rows.add()
    async with running(hub):
        page = hub.follow(ALL, "a", None)
        await heard(page, "following")
        await hub.publish(DayChange((first,)))
        stopped_at = (await heard(page, "appointments")).identity
        await page.aclose()
        watching = hub.follow(ALL, "b", None)
        await heard(watching, "following")
        await hub.publish(DayChange((second,)))
        await heard(watching, "appointments")
        again = hub.follow(ALL, "a", stopped_at)
        (told,) = json.loads((await heard(again, "appointments")).data)
        assert told["key"] == str(second)
        for one in (watching, again):
            await one.aclose()


async def test_another_service_goes_on_with_what_the_stream_holds() -> None:
    rows, stream = Rows(), Stream()
    before = EventHub(rows, stream, SystemClock())
    async with running(before):
        await before.publish(DayChange((rows.add(),)))
    key = stream.entries[-1][0]
    # It was not looking meanwhile, and says so in the stream: whoever comes back reads anew.
    after = EventHub(rows, stream, SystemClock())
    async with running(after):
        page = after.follow(ALL, "a", key)
        await heard(page, "reload")
        await page.aclose()
        mark = stream.entries[-1][0]
        assert stream.entries[-1][1].missed
        changed = rows.add()
        other = EventHub(rows, stream, SystemClock())
        other._owes_mark = False
        await stream.append(DayChange((changed,)))
        page = other.follow(ALL, "a", mark)
        (told,) = json.loads((await heard(page, "appointments")).data)
        assert told["key"] == str(changed)
        await page.aclose()


async def test_who_comes_from_nowhere_reads_the_day_anew() -> None:
    hub = EventHub(Rows(), Stream(), SystemClock())
    async with running(hub):
        for after in ("7-0", "lffffff-3"):
            page = hub.follow(ALL, "a", after)
            await heard(page, "reload")
            await page.aclose()


async def test_without_redis_pages_are_told_directly_and_that_it_may_be_slower() -> None:
    rows, stream = Rows(), Stream()
    hub = EventHub(rows, stream, SystemClock())
    async with running(hub):
        page = hub.follow(ALL, "a", None)
        await heard(page, "following")
        stream.away = True
        assert json.loads((await heard(page, "state")).data) == {"fresh": True, "quick": False}
        await hub.publish(DayChange((rows.add(),)))
        event = await heard(page, "appointments")
        # Whoever comes back from there goes on, as long as the service lives.
        again = hub.follow(ALL, "b", event.identity)
        assert (await anext(again)).name == "following"
        stream.away = False
        assert json.loads((await heard(page, "state")).data)["quick"] is True
        # What was told meanwhile is not in the stream, which says so.
        assert any(change.missed for _, change in stream.entries[1:])
        for one in (page, again):
            await one.aclose()


async def test_what_does_not_come_back_by_the_stream_is_told_all_the_same() -> None:
    rows, stream = Rows(), Stream()
    hub = EventHub(rows, stream, SystemClock())
    async with running(hub):
        page = hub.follow(ALL, "a", None)
        await heard(page, "following")
        stream.deaf = True
        await hub.publish(DayChange((rows.add(),)))
        await heard(page, "appointments")
        await page.aclose()


async def test_a_change_waits_for_the_database() -> None:
    rows = Rows()
    hub = EventHub(rows, None, SystemClock())
    async with running(hub):
        page = hub.follow(ALL, "a", None)
        await heard(page, "following")
        rows.away = True
        hub.is_fresh(False)
        assert json.loads((await heard(page, "state")).data)["fresh"] is False
        await hub.publish(DayChange((rows.add(),)))
        await asyncio.sleep(0.05)
        rows.away = False
        await heard(page, "appointments")
        await page.aclose()


async def test_reviews_go_to_those_who_may_see_their_camera() -> None:
    hub = EventHub(Rows(), None, SystemClock())
    seen = View(
        False,
        None,
        seen=False,
        codes=False,
        consents=False,
        reviews=True,
        cameras=frozenset({"c-1"}),
    )
    async with running(hub):
        page = hub.follow(seen, "a", None)
        await heard(page, "following")
        reviews = [ReviewChange(uuid4(), camera, True) for camera in ("c-1", "c-2", None)]
        await hub.publish(DayChange((), tuple(reviews)))
        told = json.loads((await heard(page, "reviews")).data)
        assert [one["review_id"] for one in told] == [str(reviews[n].review_id) for n in (0, 2)]
        await page.aclose()


async def test_a_slow_page_is_cut_off_and_the_others_go_on() -> None:
    event = StreamedEvent("appointments", "[]", "1-0")
    quick, slow = FollowingPage(ALL, "a"), FollowingPage(ALL, "a")
    for _ in range(MOST_WAITING):
        quick.put(event)
        slow.put(event)
    assert await quick.next() == event
    for page in (quick, slow):
        page.put(event)
    assert (quick.cut, slow.cut) == (False, True)
    assert await slow.next() is None
    assert await quick.next() == event


async def test_one_account_has_so_many_pages() -> None:
    hub = EventHub(Rows(), None, SystemClock())
    pages = []
    for _ in range(MOST_OF_ACCOUNT):
        assert hub.has_place_for("a")
        pages.append(hub.follow(ALL, "a", None))
        await anext(pages[-1])
    assert not hub.has_place_for("a")
    assert hub.has_place_for("b")
    for page in pages:
        await page.aclose()


def test_versions_are_compared() -> None:
    one, two, three, review = (uuid4() for _ in range(4))
    before = DayVersions("2026-11-23", {one: ("1", "d"), two: ("1", "d")}, {review: None})
    after = DayVersions("2026-11-23", {one: ("2", "d"), three: ("1", "d")}, {})
    change = after.since(before, 10)
    assert set(change.appointments) == {one, two, three}
    assert change.reviews == (ReviewChange(review, None, False),)
    assert after.since(after, 10) == DayChange()
    assert after.since(before, 2).everything
    assert DayVersions("2026-11-24").since(before, 10).everything
