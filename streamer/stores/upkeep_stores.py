"""Stores of what keeps a site going: its terms, keys, jobs, cameras and figures."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from streamer.domain.change import Change
from streamer.storage.calibrations import PostgresCalibrations
from streamer.storage.change_feed import ChangeFeed
from streamer.storage.database_role import DatabaseRole
from streamer.storage.incident_facts import IncidentRecords
from streamer.storage.job_runs import PostgresJobRuns
from streamer.storage.key_rotation import KeyRotation
from streamer.storage.match_counts import PostgresMatchCounts
from streamer.storage.remnants import Remnants
from streamer.storage.retention import Retention
from streamer.storage.uptime import CameraUptime
from streamer.stores.erasing import eraser_of
from streamer.stores.site_stores import SiteStores


class UpkeepStores(SiteStores):
    """Retention, jobs, keys, calibrations, uptime, changes."""

    __slots__ = ()

    @asynccontextmanager
    async def retention(self) -> AsyncIterator[Retention]:
        """Deletes what is kept no longer, as the role that may; raises DatabaseError."""
        async with self.postgres_as(DatabaseRole.RETENTION) as postgres:
            yield Retention(
                postgres,
                self.database.postgres,
                self.settings.site.id,
                eraser_of(self.settings, self.database),
                self.settings.retention.days,
                self.clock,
            )

    @property
    def remnants(self) -> Remnants:
        """Destroys what erased keys leave in the database's files."""
        return Remnants(self.database.postgres, self.clock, self.register)

    @property
    def key_rotation(self) -> KeyRotation:
        """Wraps all keys anew."""
        base = self.database
        return KeyRotation(base.postgres, base.vault, self.settings.site.id, self.clock)

    @property
    def incident_records(self) -> IncidentRecords:
        """Finds out whom a breach affects."""
        base, site = self.database, self.settings.site
        return IncidentRecords(base.postgres, base.vault, site.id, site.name, site.zone)

    @property
    def job_runs(self) -> PostgresJobRuns:
        """Which jobs ran."""
        return PostgresJobRuns(self.database.postgres, self.settings.site.id)

    def calibrations(self, pack_id: str) -> PostgresCalibrations:
        """The site's calibrations of a pack."""
        base = self.database
        return PostgresCalibrations(base.postgres, base.vault, self.settings.site.id, pack_id)

    def match_counts(self, pack_id: str) -> PostgresMatchCounts:
        """How much was searched."""
        return PostgresMatchCounts(self.database.postgres, self.settings.site.id, pack_id)

    @property
    def uptime(self) -> CameraUptime:
        """Writes what the cameras did."""
        return CameraUptime(self.database.postgres, self.settings.site.id)

    def change_feed(self, tell: Callable[[Change], None]) -> ChangeFeed:
        """Hears what others change."""
        return ChangeFeed(self.database.postgres, self.settings.site.id, tell, self.clock)
