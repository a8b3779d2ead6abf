"""The backend of a test's clinic, without a cache."""

from pathlib import Path

from config.settings import Settings
from streamer.backend import Backend
from streamer.clock import Clock
from streamer.embedded.services import Services
from streamer.storage.database import Database
from streamer.storage.schedules import ScheduleCache
from streamer.stores.erasing import register_of


def clinic_backend(
    database: Database, settings: Settings, schedules: ScheduleCache, clock: Clock, home: Path
) -> Backend:
    """Stores over a database that is open already."""
    register = register_of(settings, home, database)
    return Backend(settings, database, schedules, clock, home, register, Services("", None))
