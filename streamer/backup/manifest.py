"""What a backup's folder says of itself, signed. Used by `creating` and `restoring`.

The signature is an HMAC under a key derived from the key-encryption key: whoever can write to where
backups lie, and has not that key, can change nothing in them without being noticed.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from streamer.crypto.key import KeyEncryptionKey
from streamer.errors import BackupError

MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
SIGNED_FOR: Final = "kirdi/backup-manifest/v1"
_FORMAT: Final = 1
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class BackupFile:
    """One file beside the manifest: its size in bytes, and SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was backed up.

    Attributes:
        backup_id: Random.
        taken_at: By the database's clock, before the first row was read.
        database_id: Of which database.
        site_id: Of the site that made it.
        kirdi: The version that made it.
        revision: Of the schema.
        key_ids: By which keys what is in it is wrapped; the first one has signed this.
        files: By name.
    """

    backup_id: str
    taken_at: datetime
    database_id: str
    site_id: str
    kirdi: str
    revision: str
    key_ids: tuple[str, ...]
    files: Mapping[str, BackupFile]

    def message(self) -> bytes:
        """What is signed."""
        said = asdict(self) | {"taken_at": self.taken_at.isoformat(), "format": _FORMAT}
        return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()

    def text(self, signature: bytes) -> str:
        """What the file holds."""
        return json.dumps(json.loads(self.message()) | {"signature": signature.hex()}, indent=1)


def read_manifest(folder: Path) -> tuple[Manifest, bytes]:
    """Return a backup's manifest and its signature, which is still to be checked. Blocks.

    Raises:
        BackupError: There is none, or it cannot be read.
    """
    file = folder / MANIFEST
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        if said["format"] != _FORMAT:
            raise BackupError(f"backup {folder}: was made by a newer Kirdi; update this one")
        manifest = Manifest(
            backup_id=str(said["backup_id"]),
            taken_at=datetime.fromisoformat(said["taken_at"]),
            database_id=str(said["database_id"]),
            site_id=str(said["site_id"]),
            kirdi=str(said["kirdi"]),
            revision=str(said["revision"]),
            key_ids=tuple(str(one) for one in said["key_ids"]),
            files={
                str(name): BackupFile(int(one["size"]), str(one["sha256"]))
                for name, one in said["files"].items()
            },
        )
        if set(manifest.files) != {DUMP} or not manifest.key_ids or not manifest.taken_at.tzinfo:
            raise ValueError("not what is written")
        return manifest, bytes.fromhex(said["signature"])
    except OSError as error:
        raise BackupError(
            f"backup {folder}: holds no readable {MANIFEST} ({error.strerror}); name the folder "
            "that `kirdi backup create` made"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(
            f"backup {folder}: its {MANIFEST} is damaged; take another backup"
        ) from error


def check_signature(
    folder: Path, manifest: Manifest, signature: bytes, key: KeyEncryptionKey
) -> None:
    """Refuse a manifest that is not as it was signed.

    Raises:
        BackupError: It was changed.
    """
    made = hmac.digest(key.derive(SIGNED_FOR), manifest.message(), hashlib.sha256)
    if not hmac.compare_digest(made, signature):
        raise BackupError(
            f"backup {folder}: its {MANIFEST} was changed since it was made; take another backup, "
            "and find out who changed this one"
        )


def check_files(folder: Path, manifest: Manifest) -> None:
    """Read every file and compare it with the manifest. Blocks for as long as reading takes.

    Raises:
        BackupError: One is missing, cannot be read, or is not what it was.
    """
    for name, wanted in manifest.files.items():
        try:
            found = measure(folder / name)
        except OSError as error:
            raise BackupError(
                f"backup {folder}: {name} cannot be read ({error.strerror}); take another backup"
            ) from error
        if found != wanted:
            raise BackupError(
                f"backup {folder}: {name} is not what it was when it was made (its size or SHA-256 "
                "differs); take another backup"
            )


def measure(file: Path) -> BackupFile:
    """Return a file's size and SHA-256; raises OSError. Blocks."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return BackupFile(size, digest.hexdigest())
