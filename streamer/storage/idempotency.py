"""Remembers which writes of the API were made, and what was answered. Used by `web.once`.

A key belongs to one account of one site, and to one request. Whoever sends both again gets the
same answer. A service that is killed before the write has committed has done nothing, and the
next one may do it; one that is killed after it has lost the answer, and says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from streamer.clock import Clock
from streamer.crypto.answer_seal import AnswerSeal
from streamer.domain.kept_answer import Claimed, Held, KeptAnswer
from streamer.errors import DatabaseError
from streamer.storage.alongside import alongside
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql

KEPT: Final = timedelta(hours=24)
# Longer than any request is let run.
LEASE: Final = timedelta(minutes=2)


class PostgresOnce:
    """The keys of one site."""

    def __init__(self, postgres: Postgres, seal: AnswerSeal, site_id: str, clock: Clock) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._seal = seal
        self._site_id = site_id
        self._clock = clock

    async def claim(self, account: str, key: str, request: bytes) -> Claimed | KeptAnswer | Held:
        """Begin a write, or learn what became of it.

        Args:
            account: Whose key it is.
            key: As the client sent it.
            request: Everything that makes the request what it is.

        Returns:
            A claim: do it, and `answer` or `release`. Or the answer that was given; or why neither.

        Raises:
            DatabaseError: Nothing is known.
            VaultError: The answer that is kept does not open.
        """
        now = self._clock.now()
        key_hash = self._seal.hash(self._site_id, account, key)
        request_hash = self._seal.hash(request)
        claim = uuid4()
        async with self._postgres.connection() as connection:
            # Twice: between the two statements whoever held it may have let go.
            for _ in range(2):
                mine = await connection.fetchval(
                    sql("claim_idempotency_key"),
                    self._site_id,
                    account,
                    key_hash,
                    request_hash,
                    claim,
                    now,
                    now + LEASE,
                    now + KEPT,
                )
                if mine is not None:
                    return Claimed(account, key_hash, request_hash, claim)
                row = await connection.fetchrow(
                    sql("idempotency_key"), self._site_id, account, key_hash
                )
                if row is not None:
                    break
            else:
                return Held.BUSY
        if row["request_hash"] != request_hash:
            return Held.OTHER_REQUEST
        if row["status"] is not None:
            body = self._seal.open(row["sealed_answer"], key_hash, request_hash)
            return KeptAnswer(row["status"], body)
        if row["written_at"] is not None and row["claimed_until"] <= now:
            return Held.ANSWER_LOST
        return Held.BUSY

    @contextmanager
    def writing(self, claim: Claimed) -> Iterator[None]:
        """Mark the key in every transaction of this block: both are committed, or neither."""

        async def mark(connection: Any) -> None:
            mine = await connection.fetchval(
                sql("mark_idempotency_key"), *self._of(claim), self._clock.now()
            )
            if mine is None:
                raise DatabaseError("idempotency key: somebody else has taken the request over")

        with alongside(mark):
            yield

    async def answer(self, claim: Claimed, answer: KeptAnswer) -> None:
        """Keep what was answered; raises DatabaseError."""
        sealed = self._seal.seal(answer.body, claim.key_hash, claim.request_hash)
        async with self._postgres.connection() as connection:
            await connection.execute(
                sql("answer_idempotency_key"), *self._of(claim), answer.status, sealed
            )

    async def release(self, claim: Claimed, *, nothing_done: bool) -> None:
        """The request came to nothing; raises DatabaseError.

        Args:
            claim: Whose.
            nothing_done: That is certain; else what is marked as written stays so.
        """
        async with self._postgres.connection() as connection:
            await connection.execute(sql("release_idempotency_key"), *self._of(claim), nothing_done)

    async def forget(self, now: datetime) -> None:
        """Delete what is older than a day; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            await connection.execute(sql("forget_idempotency_keys"), self._site_id, now)

    def _of(self, claim: Claimed) -> tuple[str, str, bytes, UUID]:
        return (self._site_id, claim.account, claim.key_hash, claim.claim)
