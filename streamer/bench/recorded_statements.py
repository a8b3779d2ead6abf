"""What a piece of work asks the database, recorded, and asked again without the work around it.

So the bare side of a benchmark runs the very statements of ours, in the same transactions.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from streamer.storage.postgres import Connection, Postgres


@dataclass(slots=True)
class Stretch:
    """What is asked on one borrowed connection.

    Attributes:
        transaction: Whether it is one.
        asked: Name of the connection's method, statement, values; in order.
    """

    transaction: bool
    asked: list[tuple[str, str, tuple[object, ...]]] = field(default_factory=list)


class RecordingPostgres(Postgres):
    """Passes everything on, and writes down what."""

    def __init__(self, real: Postgres) -> None:
        """Record on top of an open pool; closing it is its owner's business."""
        self.place = real.place
        self.stretches: list[Stretch] = []
        self._real = real

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """See `Postgres`."""
        async with self._real.connection() as connection:
            yield self._tap(connection, transaction=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """See `Postgres`."""
        async with self._real.transaction() as connection:
            yield self._tap(connection, transaction=True)

    def _tap(self, connection: Connection, transaction: bool) -> Any:
        self.stretches.append(Stretch(transaction))
        return _Tap(connection, self.stretches[-1])


class _Tap:
    """A connection that writes down what is asked."""

    def __init__(self, connection: Any, stretch: Stretch) -> None:
        self._connection = connection
        self._stretch = stretch

    async def fetch(self, statement: str, *values: object) -> Any:
        return await self._ask("fetch", statement, values)

    async def fetchrow(self, statement: str, *values: object) -> Any:
        return await self._ask("fetchrow", statement, values)

    async def fetchval(self, statement: str, *values: object) -> Any:
        return await self._ask("fetchval", statement, values)

    async def execute(self, statement: str, *values: object) -> Any:
        return await self._ask("execute", statement, values)

    async def _ask(self, method: str, statement: str, values: tuple[object, ...]) -> Any:
        self._stretch.asked.append((method, statement, values))
        return await getattr(self._connection, method)(statement, *values)


async def ask_again(
    postgres: Postgres, stretches: list[Stretch], instead: Mapping[object, object]
) -> None:
    """Ask the recorded statements once more, some values replaced by others.

    Args:
        postgres: Where.
        stretches: What was recorded.
        instead: Ids of what was recorded, to those of what is meant now.
    """
    for stretch in stretches:
        borrow = postgres.transaction if stretch.transaction else postgres.connection
        async with borrow() as connection:
            for method, statement, values in stretch.asked:
                given = [_replaced(value, instead) for value in values]
                await getattr(connection, method)(statement, *given)


def _replaced(value: object, instead: Mapping[object, object]) -> object:
    # Lists are values of arrays, and are never replaced.
    return value if isinstance(value, list) else instead.get(value, value)
