"""Puts a finished pack in place: all of its files or none."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from matcher.packs.manifest import Manifest, PackFile
from matcher.packs.pack import MANIFEST, Pack


def place(
    models_dir: Path,
    name: str,
    files: Iterable[tuple[str, bytes]],
    describe: Callable[[tuple[PackFile, ...]], Manifest],
) -> Pack:
    """Write the files beside the pack's folder, and rename it into place when all are on the disk.

    Args:
        models_dir: Where packs lie.
        name: The pack's name; an older pack of that name goes.
        files: Names and contents, taken one after the other.
        describe: From the files' entries to the manifest.

    Raises:
        OSError: The disk refuses.
    """
    folder = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".new", dir=models_dir))
    try:
        entries: list[PackFile] = []
        for file, content in files:
            _write(folder / file, content)
            entries.append(PackFile(file, hashlib.sha256(content).hexdigest(), len(content)))
        manifest = describe(tuple(entries))
        _write(folder / MANIFEST, manifest.to_json().encode())
        _sync(folder)
        _swap_in(folder, models_dir / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Pack(models_dir / name, manifest)


def sweep(models_dir: Path, name: str) -> None:
    """Remove what builders that were killed left behind; only under the pack's lock."""
    for suffix in ("new", "old"):
        for left in models_dir.glob(f".{name}.*.{suffix}"):
            _remove(left)


def _swap_in(new: Path, place: Path) -> None:
    """Rename into place. Between the two renames the pack is absent, never half there."""
    if os.path.lexists(place):
        place.rename(new.with_suffix(".old"))
    new.rename(place)
    _sync(place.parent)
    _remove(new.with_suffix(".old"))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
