"""The connection to Redis: short time-outs, one retry, and nothing but CacheError when it is away.

Losing Redis costs speed, never facts: every caller has another way and takes it at once. Once it
is away nobody waits for it any more; the service alone looks whether it is back, beside its work.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from streamer.clock import Clock
from streamer.domain.cache_report import CacheReport, CacheState
from streamer.errors import CacheError
from streamer.storage.circuit_breaker import CircuitBreaker

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

_CONNECTIONS = 8
_RETRIES = 1
_PAUSE_S = 5.0


class RedisLink:
    """At most eight connections. Only idempotent commands here: they may be sent twice."""

    def __init__(self, url: str, timeout_s: float, clock: Clock) -> None:
        """Prepare; the first call connects.

        Args:
            url: redis://, rediss:// or unix://.
            timeout_s: For connecting and for each answer, apart.
            clock: Its monotonic time runs the breaker.

        Raises:
            CacheError: The URL cannot be used.
        """
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                timeout=timeout_s,
                socket_timeout=timeout_s,
                socket_connect_timeout=timeout_s,
                retry=Retry(NoBackoff(), _RETRIES),
                protocol=2,
            )
        except ValueError:
            # `from None`: the library's message may repeat the URL and its password.
            raise CacheError(
                "redis.url: cannot be used; write redis://:password@host:port/0"
            ) from None
        self._redis: Redis = Redis.from_pool(pool)
        # Connecting and answering, twice; also bounds name resolution, which has no limit itself.
        self._limit_s = 2 * timeout_s * (1 + _RETRIES)
        self._clock = clock
        self._breaker = CircuitBreaker(_PAUSE_S)
        self._away: CacheReport | None = None

    @property
    def report(self) -> CacheReport:
        """What the last answer was; nothing is asked."""
        return self._away or CacheReport(CacheState.OK)

    async def call(self, work: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        """Return what `work` gets from Redis.

        Raises:
            CacheError: Redis is away or refuses, now or since before; logged once per outage.
        """
        if self._away is not None:
            raise CacheError(f"redis: {self._away.reason}")
        return await self._ask(work)

    async def look_again(self) -> None:
        """See whether it is back, every few seconds and no oftener; never raises.

        Called again and again by what has time; where nobody does, as in a command that ends soon,
        a Redis that was away is left alone.
        """
        if self._away is None or not self._breaker.allows(self._clock.monotonic()):
            return
        with suppress(CacheError):
            await self._ask(lambda redis: redis.ping())

    async def _ask(self, work: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        try:
            async with asyncio.timeout(self._limit_s):
                answer = await work(self._redis)
        except (RedisError, OSError, TimeoutError, ValueError) as error:
            reason = _reason(error)
            if self._breaker.failed(self._clock.monotonic()):
                log.warning("redis away, reading from the database", reason=reason)
            since = self._clock.now() if self._away is None else self._away.since
            self._away = CacheReport(CacheState.AWAY, since, reason)
            raise CacheError(f"redis: {reason}") from error
        self._away = None
        if self._breaker.succeeded():
            log.info("redis is back")
        return answer

    async def version(self) -> str:
        """Which Redis answers.

        Raises:
            CacheError: It is away.
        """
        said = await self.call(lambda redis: redis.info("server"))
        return str(said["redis_version"])

    async def close(self) -> None:
        """Close the connections."""
        try:
            async with asyncio.timeout(self._limit_s):
                await self._redis.aclose(close_connection_pool=True)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("redis connections not closed in order", reason=_reason(error))


def _reason(error: Exception) -> str:
    # redis-py hands on what fails during the handshake as a lost connection, with its cause.
    both = (error, error.__cause__)
    if any(isinstance(one, AuthenticationError) for one in both):
        return "refuses the user or the password; correct redis.url"
    if any(isinstance(one, RedisTimeoutError | TimeoutError) for one in both):
        return "does not answer in time; see whether it is overloaded or the network is cut"
    if isinstance(error, RedisConnectionError | OSError):
        return "cannot be reached; start it, or correct redis.url"
    return f"refuses ({type(error).__name__}); see its log and the user's permissions"
