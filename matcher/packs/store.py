"""The folder of model packs: list, build, verify, open. The command line and `app` call it.

Everything here blocks: call it in a thread from a coroutine.
"""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from matcher.errors import ModelPackError
from matcher.packs.lock import exclusive
from matcher.packs.manifest import REMEDY, SCHEMA, Manifest, PackFile, SourceFile
from matcher.packs.open_pack import OPEN_PACK
from matcher.packs.pack import MANIFEST, Pack
from matcher.packs.recipe import Recipe

State = Literal["ready", "damaged", "absent"]

_RECIPES = {recipe.pack: recipe for recipe in (OPEN_PACK,)}
_LOCK_TIMEOUT_S = 120.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A pack that can be used, for listing.

    Attributes:
        pack: Its name in the settings.
        pack_id: Goes with every embedding.
        state: `damaged` also stands for a pack made by other code; both are built anew.
        licences: Of the weights, SPDX.
        size: Of its files, bytes; 0 unless ready.
        folder: Where it lies or will lie.
    """

    pack: str
    pack_id: str
    state: State
    licences: tuple[str, ...]
    size: int
    folder: Path


@dataclass(frozen=True, slots=True)
class FileCheck:
    """One file of a pack, compared with the manifest.

    Attributes:
        name: The file.
        ok: Whether it is what it must be.
        problem: What is wrong, with the remedy; empty if nothing is.
    """

    name: str
    ok: bool
    problem: str


def list_packs(models_dir: Path) -> list[PackInfo]:
    """Every pack this version can use, and how it stands on disk."""
    infos = []
    for recipe in _RECIPES.values():
        folder = models_dir / recipe.pack
        size, state = 0, _state(models_dir, recipe)
        if state == "ready":
            size = sum(entry.size for entry in _manifest(folder, recipe).files)
        licences = tuple(item.source.licence for item in recipe.ingredients)
        infos.append(PackInfo(recipe.pack, recipe.pack_id, state, licences, size, folder))
    return infos


def verify_pack(models_dir: Path, pack: str = "open") -> list[FileCheck]:
    """Compare every file of a pack with its manifest; writes nothing.

    Raises:
        ModelPackError: There is no pack of that name.
    """
    recipe = _recipe(pack)
    folder = models_dir / recipe.pack
    try:
        manifest = _manifest(folder, recipe)
    except ModelPackError as error:
        return [FileCheck(MANIFEST, False, str(error))]
    opened = Pack(folder, manifest)
    checks = [FileCheck(MANIFEST, True, "")]
    for item in recipe.ingredients:
        try:
            opened.read(item.name)
        except ModelPackError as error:
            checks.append(FileCheck(item.name, False, str(error)))
        else:
            checks.append(FileCheck(item.name, True, ""))
    return checks


def open_pack(models_dir: Path, pack: str = "open") -> Pack:
    """The pack, verified; built first where it is absent, damaged or made by other code.

    Raises:
        ModelPackError: It cannot be built: a source is missing or foreign, or the disk refuses.
    """
    recipe = _recipe(pack)
    if _state(models_dir, recipe) == "ready":
        return _opened(models_dir, recipe)
    return build_pack(models_dir, pack)


def build_pack(models_dir: Path, pack: str = "open", force: bool = False) -> Pack:
    """Build a pack unless a good one is there; safe with other processes doing the same.

    The files are written beside the pack's folder and renamed into place when all are on the
    disk, so a half-written pack is never found.

    Args:
        models_dir: Made if absent.
        pack: Its name.
        force: Build even if a good one is there.

    Raises:
        ModelPackError: A source is missing or foreign, or the disk refuses.
    """
    recipe = _recipe(pack)
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with exclusive(models_dir / f".{recipe.pack}.lock", _LOCK_TIMEOUT_S):
            _sweep(models_dir, recipe)
            state = _state(models_dir, recipe)
            if state != "ready" or force:
                _log.info("building model pack", pack=recipe.pack, state=state)
                _build(models_dir, recipe)
    except OSError as error:
        where = error.filename or models_dir
        raise ModelPackError(
            f"{where}: the model pack {pack} cannot be written ({error.strerror or error}); "
            "free space there, or make the folder writable"
        ) from error
    return _opened(models_dir, recipe)


def _recipe(pack: str) -> Recipe:
    recipe = _RECIPES.get(pack)
    if recipe is None:
        raise ModelPackError(f"model pack {pack!r}: unknown; known are {', '.join(_RECIPES)}")
    return recipe


def _state(models_dir: Path, recipe: Recipe) -> State:
    if not (models_dir / recipe.pack).exists():
        return "absent"
    good = all(check.ok for check in verify_pack(models_dir, recipe.pack))
    return "ready" if good else "damaged"


def _opened(models_dir: Path, recipe: Recipe) -> Pack:
    folder = models_dir / recipe.pack
    return Pack(folder, _manifest(folder, recipe))


def _manifest(folder: Path, recipe: Recipe) -> Manifest:
    """The manifest, if it describes what this recipe makes from these sources."""
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ModelPackError(f"{path}: damaged (not text); {REMEDY}") from error
    except OSError as error:
        raise ModelPackError(f"{path}: cannot be read ({error.strerror}); {REMEDY}") from error
    manifest = Manifest.from_json(text)
    expected = (
        recipe.pack,
        recipe.pack_id,
        recipe.version,
        recipe.detector,
        recipe.embedder,
        recipe.liveness,
        recipe.scores,
        tuple(item.source.sha256 for item in recipe.ingredients),
        tuple(item.name for item in recipe.ingredients),
    )
    found = (
        manifest.pack,
        manifest.pack_id,
        manifest.recipe,
        manifest.detector,
        manifest.embedder,
        manifest.liveness,
        manifest.scores,
        tuple(source.sha256 for source in manifest.sources),
        tuple(entry.name for entry in manifest.files),
    )
    if found != expected:
        raise ModelPackError(f"{path}: describes another version of this pack; {REMEDY}")
    return manifest


def _build(models_dir: Path, recipe: Recipe) -> None:
    folder = Path(tempfile.mkdtemp(prefix=f".{recipe.pack}.", suffix=".new", dir=models_dir))
    try:
        sources: list[SourceFile] = []
        files: list[PackFile] = []
        for item in recipe.ingredients:
            content, source = item.source.read()
            converted = item.convert(content)
            _write(folder / item.name, converted)
            sources.append(source)
            digest = hashlib.sha256(converted).hexdigest()
            files.append(PackFile(item.name, digest, len(converted)))
        manifest = Manifest(
            schema=SCHEMA,
            pack=recipe.pack,
            pack_id=recipe.pack_id,
            recipe=recipe.version,
            detector=recipe.detector,
            embedder=recipe.embedder,
            liveness=recipe.liveness,
            scores=recipe.scores,
            licence=recipe.licence,
            weak_for=recipe.weak_for,
            weak_reason=recipe.weak_reason,
            quantisation=(),
            sources=tuple(sources),
            files=tuple(files),
        )
        _write(folder / MANIFEST, manifest.to_json().encode())
        _sync(folder)
        _swap_in(folder, models_dir / recipe.pack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap_in(new: Path, place: Path) -> None:
    """Rename into place. Between the two renames the pack is absent, never half there."""
    if os.path.lexists(place):
        place.rename(new.with_suffix(".old"))
    new.rename(place)
    _sync(place.parent)
    _remove(new.with_suffix(".old"))


def _sweep(models_dir: Path, recipe: Recipe) -> None:
    """Remove what builders that were killed left behind; only under the lock."""
    for suffix in ("new", "old"):
        for left in models_dir.glob(f".{recipe.pack}.*.{suffix}"):
            _remove(left)


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
