"""Keeps a record of what each camera was doing when. Written by `app` as cameras change state."""

from dataclasses import dataclass
from datetime import datetime

from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.storage.postgres import Postgres
from streamer.storage.queries import sql


@dataclass(frozen=True, slots=True)
class OpenInterval:
    """What a camera is doing since when, and when the service last said so. Times are UTC."""

    camera_id: str
    status: CameraStatus
    reason: str
    since: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class UptimeInterval:
    """What a camera did from when to when. Times are UTC."""

    status: CameraStatus
    reason: str
    began_at: datetime
    ended_at: datetime


class CameraUptime:
    """Intervals without gaps or overlaps per camera; the last one is open while the service runs.

    One service writes for a site. A crash leaves intervals open; the next start ends them at their
    last heartbeat, because nobody knows what happened after it.
    """

    def __init__(self, postgres: Postgres, site_id: str) -> None:
        """Keep the collaborators."""
        self._postgres = postgres
        self._site_id = site_id

    async def recover(self) -> int:
        """End what an earlier run left open; call it once, before the cameras start.

        Returns:
            How many intervals were open.

        Raises:
            DatabaseError: It refuses.
        """
        async with self._postgres.connection() as connection:
            done: str = await connection.execute(sql("recover_uptime"), self._site_id)
        return int(done.rsplit(" ", 1)[-1])

    async def record(self, state: CameraState) -> None:
        """Begin a new interval at the change if the camera's status or reason is a new one.

        Raises:
            DatabaseError: Nothing was written.
        """
        camera = (self._site_id, state.camera_id)
        async with self._postgres.transaction() as connection:
            await connection.execute(sql("lock_for_transaction"), f"uptime {'/'.join(camera)}")
            row = await connection.fetchrow(sql("open_uptime"), *camera)
            if row is not None and (row["state"], row["reason"]) == (state.status, state.reason):
                return
            since = state.changed_at or state.since
            if row is not None:  # a clock that went back must not make two intervals overlap
                since = max(since, row["started_at"])
            await connection.execute(sql("close_uptime"), *camera, since)
            await connection.execute(
                sql("insert_uptime"), *camera, state.status.value, state.reason, since
            )

    async def end(self, camera_id: str, at: datetime) -> None:
        """End a camera's open interval, if it has one; no other begins. Raises DatabaseError."""
        async with self._postgres.connection() as connection:
            await connection.execute(sql("close_uptime"), self._site_id, camera_id, at)

    async def heartbeat(self, now: datetime) -> None:
        """Note that every open interval still holds; raises DatabaseError."""
        async with self._postgres.connection() as connection:
            await connection.execute(sql("heartbeat_uptime"), self._site_id, now)

    async def close(self, now: datetime) -> None:
        """End every open interval, as the last act of an orderly stop; raises DatabaseError."""
        await self.heartbeat(now)
        await self.recover()

    async def between(
        self, camera_id: str, begins: datetime, ends: datetime
    ) -> list[UptimeInterval]:
        """Return what a camera did in [begins, ends), by time, cut to it; raises DatabaseError.

        What lies between the intervals nobody knows: no service ran, or it had no such camera.
        """
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(
                sql("uptime_between"), self._site_id, camera_id, begins, ends
            )
        return [
            UptimeInterval(
                CameraStatus(row["state"]), row["reason"], row["began_at"], row["ended_at"]
            )
            for row in rows
        ]

    async def open_intervals(self) -> list[OpenInterval]:
        """Return what the running service says of its cameras, by their ids; raises DatabaseError.

        After a crash this is what it said last: the caller looks at `last_seen_at`.
        """
        async with self._postgres.connection() as connection:
            rows = await connection.fetch(sql("list_open_uptime"), self._site_id)
        return [
            OpenInterval(
                camera_id=row["camera_id"],
                status=CameraStatus(row["state"]),
                reason=row["reason"],
                since=row["started_at"],
                last_seen_at=row["last_seen_at"],
            )
            for row in rows
        ]
