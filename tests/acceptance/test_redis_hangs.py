"""Redis keeps its socket and says nothing: commands go on at once, and with the same results."""

from collections.abc import Iterator

import pytest
import redis

from streamer.embedded.services import EmbeddedServers
from tests.acceptance.hanging_redis import hanging_redis
from tests.acceptance.kirdi import Kirdi

# A connection that is set up in vain is set up once more; all else of the command goes past Redis.
MOST_TRIED = 2


@pytest.fixture
def redis_url(kirdi: Kirdi) -> Iterator[str]:
    """The installation's, which somebody else uses, as a service does: nobody may replace it."""
    kirdi.extra = {"codes": {"devices": {"desk-1": "main"}}}
    kirdi.import_people(["A", "B", "C"])
    kirdi.consent("C")
    servers = EmbeddedServers(kirdi.home)
    holder = servers.acquire(database=True, redis=True)
    url = servers.services(holder)[1]
    if url is not None:
        yield url
    servers.release(holder)
    assert all(server.pid is None for server in servers.status())
    if url is None:
        pytest.skip("no redis-server is installed")


def test_commands_wait_once_for_a_redis_that_hangs(kirdi: Kirdi, redis_url: str) -> None:
    desk = ("--device", "desk-1", "--by", "dina")
    with redis.Redis.from_url(redis_url) as client:
        before = connections(client)
        with hanging_redis(kirdi.home):
            (issued,) = kirdi.ok("codes", "issue", "B", "--by", "asel")
            (redeemed,) = kirdi.ok("codes", "redeem", issued["code"], *desk)
            assert [one["appointment_ref"] for one in redeemed["arrivals"]] == ["a-B"]
            kirdi.ok("check-ins", "add", "a-A", "--reason", "no camera today", "--by", "dina")
            (ended,) = kirdi.ok("consents", "withdraw", "C")
            assert ended["receipt"]["templates"] == 0
            assert kirdi.statuses() == {"a-A": "arrived", "a-B": "arrived", "a-C": "booked"}
        asked = connections(client) - before
    assert 0 < asked <= 5 * MOST_TRIED, "somebody waited for Redis again"
    assert kirdi.statuses() == {"a-A": "arrived", "a-B": "arrived", "a-C": "booked"}


def connections(client: redis.Redis) -> int:
    """How many Redis has ever taken; those that came while it hung are taken by now."""
    client.ping()
    taken: int = client.info("stats")["total_connections_received"]
    return taken
