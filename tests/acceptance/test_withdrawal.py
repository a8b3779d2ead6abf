"""A patient withdraws while standing before the camera, with all that makes it quick cut off."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from streamer.embedded.services import EmbeddedServers
from tests.acceptance.hanging_redis import hanging_redis
from tests.acceptance.kirdi import Kirdi, appointment, write_csv
from tests.acceptance.people import unseen_clips

LISTENERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'"


@pytest.mark.long
@pytest.mark.timeout(300)
def test_nobody_arrives_after_a_withdrawal_though_nothing_is_told(
    kirdi: Kirdi, enrol: Callable[[str], None]
) -> None:
    """Redis hangs and the service's LISTEN is cut again and again; A stays before the camera."""
    kirdi.import_people(["A"])
    enrol("A")
    with kirdi.camera(unseen_clips("A")[0], loop=True) as url:
        kirdi.cameras = [{"id": "lobby-1", "url": url}]
        with kirdi.service() as service:
            service.wait_until_logged('"recorded": "written"', seconds=60)
            with hanging_redis(kirdi.home), without_listen(kirdi.home) as cut:
                # The next visit is seen, too: what is cut only made it quicker.
                book(kirdi, "a-second")
                service.wait_until_logged('"recorded": "written"', seconds=60, times=2)
                (ended,) = kirdi.ok("consents", "withdraw", "A")
                assert ended["receipt"]["templates"] == 1
                service.wait_until_logged('"size": 0', seconds=10)
                book(kirdi, "a-third")
                # A passes three times more.
                passed = service.log.count('"decision"')
                threading.Event().wait(10)
                assert service.log.count('"decision"') == passed, "A was recognised"
            assert cut.count > 1, "there was nothing to cut"
    statuses = {"a-A": "arrived", "a-second": "arrived", "a-third": "booked"}
    assert kirdi.statuses() == statuses
    assert all(row["flag"] != "unbooked" for row in kirdi.ok("presences", "list"))


class Cut:
    """How often a LISTEN was ended."""

    count = 0


@contextmanager
def without_listen(home: Path) -> Iterator[Cut]:
    """End every connection that listens, five times a second."""
    servers, stop, cut = EmbeddedServers(home), threading.Event(), Cut()
    holder = servers.acquire(database=True, redis=False)
    url, _ = servers.services(holder)
    assert url is not None
    thread = threading.Thread(target=lambda: asyncio.run(_keep_cutting(url, stop, cut)))
    thread.start()
    try:
        yield cut
    finally:
        stop.set()
        thread.join(10)
        servers.release(holder)


async def _keep_cutting(url: str, stop: threading.Event, cut: Cut) -> None:
    connection = await asyncpg.connect(url)
    try:
        while not stop.is_set():
            cut.count += len(await connection.fetch(LISTENERS))
            await asyncio.sleep(0.2)
    finally:
        with suppress(TimeoutError):
            await connection.close(timeout=5)


def book(kirdi: Kirdi, ref: str) -> None:
    file = kirdi.folder / "booked.csv"
    write_csv(file, [appointment(ref, "A", datetime.now(UTC) + timedelta(minutes=15))])
    kirdi.ok("appointments", "import", file)
