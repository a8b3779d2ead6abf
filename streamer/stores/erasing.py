"""What erases, made of the settings. Used by the stores and where a backup is restored."""

from datetime import timedelta
from pathlib import Path

from config.settings import Settings
from streamer.crypto.register_seal import RegisterSeal
from streamer.storage.database import Database
from streamer.storage.erased_references import ErasedReferences
from streamer.storage.eraser import Eraser
from streamer.storage.erasure_register import ErasureRegister
from streamer.storage.patient_erasure import PatientErasure


def register_of(settings: Settings, home: Path, database: Database) -> ErasureRegister:
    """What was erased, outside the database."""
    return ErasureRegister(
        home / "register",
        settings.backup.register_copies,
        settings.site.id,
        register_seal_of(settings, database),
    )


def register_seal_of(settings: Settings, database: Database) -> RegisterSeal:
    """By which that register, and a copy of it, is known to be whole."""
    return RegisterSeal(database.secrets, settings.site.id)


def eraser_of(settings: Settings, database: Database) -> Eraser:
    """Ends consents inside another's transaction."""
    kept = timedelta(days=settings.consent.backups_kept_days)
    return Eraser(database.vault, settings.site.id, kept)


def patient_erasure_of(settings: Settings, database: Database) -> PatientErasure:
    """Erases a person at their wish."""
    return PatientErasure(
        database.postgres,
        database.vault,
        settings.site.id,
        eraser_of(settings, database),
        ErasedReferences(database.keyed_hash, settings.site.id),
        settings.retention.days,
    )
