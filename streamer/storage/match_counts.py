"""How much was searched in galleries of which size. Written by `match_recorder`."""

from collections.abc import Sequence

from streamer.domain.match_count import MatchCount
from streamer.storage.postgres import Postgres, write_rows
from streamer.storage.queries import sql


class PostgresMatchCounts:
    """The counts of one site and pack: nothing of anybody."""

    def __init__(self, postgres: Postgres, site_id: str, pack_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._where = (site_id, pack_id)

    async def add(self, counts: Sequence[MatchCount]) -> None:
        """Add to what is there, all or nothing.

        A commit that is cut off may have happened: then a minute counts twice.

        Raises:
            DatabaseError: It is not known to be written.
        """
        site_id, pack_id = self._where
        # In one order for everybody: two transactions never wait for each other in a circle.
        ordered = sorted(counts, key=lambda one: (one.day, one.camera_id))
        rows = [
            (
                site_id,
                one.day,
                one.camera_id,
                pack_id,
                one.tracks,
                one.gallery_sum,
                one.gallery_max,
                one.accepted,
                one.reviewed,
            )
            for one in ordered
        ]
        async with self._postgres.transaction() as connection:
            await write_rows(connection, sql("add_match_counts"), rows)

    async def all(self) -> list[MatchCount]:
        """Return everything counted, by day and camera; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_match_counts"), *self._where)
        return [MatchCount(**row) for row in rows]
