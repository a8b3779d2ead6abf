"""The stream of the day's changes in Redis: opaque ids, the last few thousand of them.

Written by whoever changes something, read by the service's hub (`web.events.hub`). It makes things
quicker and lets pages go on after a gap; what was changed is found in PostgreSQL anyway.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from streamer.domain.day_change import DayChange, ReviewChange
from streamer.errors import CacheError
from streamer.storage.redis_link import RedisLink

MOST_KEPT: Final = 4096
"""Entries; of a busy day some hours."""
WAIT_MS: Final = 2000
"""For the next one."""
_AT_ONCE: Final = 200
_KEEPS_S: Final = 26 * 3600


class RedisEvents:
    """One site's."""

    def __init__(self, link: RedisLink, url: str, timeout_s: float, site_id: str) -> None:
        """Prepare; the first call connects.

        Args:
            link: For everything that is answered at once.
            url: For the connection that waits for what comes.
            timeout_s: For each answer.
            site_id: Whose.
        """
        self._link = link
        self._key = f"kirdi:events:v1:{{{site_id}}}"
        wait_s = WAIT_MS / 1000 + timeout_s
        self._waiting: Redis = Redis.from_url(
            url,
            max_connections=2,
            socket_timeout=wait_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._limit_s = wait_s + 2 * timeout_s

    async def append(self, change: DayChange) -> str:
        """Add one; returns its id. Raises CacheError; it may have been added then."""
        text = _encoded(change)

        async def work(redis: Redis) -> bytes:
            async with redis.pipeline(transaction=True) as pipeline:
                pipeline.xadd(self._key, {"change": text}, maxlen=MOST_KEPT, approximate=True)
                pipeline.expire(self._key, _KEEPS_S)
                added: bytes = (await pipeline.execute())[0]
            return added

        return (await self._link.call(work)).decode()

    async def newest(self) -> str:
        """The last entry's id; raises CacheError."""

        async def work(redis: Redis) -> Any:
            return await redis.xrevrange(self._key, count=1)

        found = await self._link.call(work)
        return found[0][0].decode() if found else "0-0"

    async def follow(self, after: str) -> Sequence[tuple[str, DayChange]]:
        """Wait two seconds at most for what comes after an id.

        Raises:
            CacheError: Redis is away.
        """
        try:
            async with asyncio.timeout(self._limit_s):
                answer: Any = await self._waiting.xread(
                    {self._key: after}, count=_AT_ONCE, block=WAIT_MS
                )
        except (RedisError, OSError, TimeoutError, ValueError) as error:
            await self._drop()
            raise CacheError(f"redis: {type(error).__name__}") from error
        return [_decoded(one) for _key, entries in answer or [] for one in entries]

    async def since(self, after: str, most: int) -> Sequence[tuple[str, DayChange]] | None:
        """What came after an id; None where that is no entry any more, or more than `most` came.

        As long as the entry itself is there, none after it has been dropped.

        Raises:
            CacheError: Redis is away.
        """

        async def work(redis: Redis) -> Any:
            return await redis.xrange(self._key, min=after, count=most + 2)

        try:
            entries = [_decoded(one) for one in await self._link.call(work)]
        except ValueError:
            return None
        if not entries or entries[0][0] != after or len(entries) > most + 1:
            return None
        return entries[1:]

    async def hint(self) -> None:
        """Tell whoever reads that something was changed; never raises."""
        try:
            await self.append(DayChange(look=True))
        except CacheError:
            return  # the service looks by itself, a little later

    async def close(self) -> None:
        """Close the connection that waits."""
        await self._drop()

    async def _drop(self) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self._waiting.aclose(close_connection_pool=True)
        except (RedisError, OSError, TimeoutError):
            return


def _encoded(change: DayChange) -> str:
    held: dict[str, object] = {
        name: True for name in ("everything", "missed", "look") if getattr(change, name)
    }
    if change.appointments:
        held["appointments"] = [str(one) for one in change.appointments]
    if change.reviews:
        held["reviews"] = [
            [str(one.review_id), one.camera_id, one.waiting] for one in change.reviews
        ]
    return json.dumps(held, separators=(",", ":"))


def _decoded(entry: tuple[bytes, dict[bytes, bytes]]) -> tuple[str, DayChange]:
    """Read one; what makes no sense, from whoever may write to Redis, has the day read anew."""
    identity = entry[0].decode()
    try:
        held = json.loads(entry[1][b"change"])
        return identity, DayChange(
            tuple(UUID(one) for one in held.get("appointments", ())),
            tuple(
                ReviewChange(UUID(key), camera if isinstance(camera, str) else None, bool(waiting))
                for key, camera, waiting in held.get("reviews", ())
            ),
            everything=held.get("everything") is True,
            missed=held.get("missed") is True,
            look=held.get("look") is True,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return identity, DayChange(missed=True)
