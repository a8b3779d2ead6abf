"""The folder of model packs: list, build, verify, open. The command line and `app` call it.

Everything here blocks: call it in a thread from a coroutine.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from matcher.errors import ModelPackError
from matcher.packs.catalogue import CATALOGUE, recipe_for
from matcher.packs.folder import place, sweep
from matcher.packs.in_use import resolved
from matcher.packs.lock import exclusive
from matcher.packs.manifest import REMEDY, SCHEMA, Licence, Manifest, PackFile, SourceFile
from matcher.packs.pack import MANIFEST, Pack
from matcher.packs.recipe import Recipe

State = Literal["ready", "damaged", "absent"]

_LOCK_TIMEOUT_S = 120.0
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NOWHERE = Path("/nonexistent")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A pack that can be used, for listing.

    Attributes:
        pack: Its name in the settings.
        pack_id: Goes with every embedding.
        state: `damaged` also stands for a pack made by other code; both are made anew.
        licence: Of the weights.
        commercial: Whether a clinic may use it in its work.
        accepted: When non-commercial terms were accepted here; empty if they weren't.
        weak_for: Groups of people it is known to be worse for.
        size: Of its files, bytes; 0 unless ready.
        folder: Where it lies or will lie.
    """

    pack: str
    pack_id: str
    state: State
    licence: str
    commercial: bool
    accepted: str
    weak_for: tuple[str, ...]
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
    """Every pack this version can make, and those of one's own, and how each stands on disk."""
    return [_info(models_dir, name) for name in (*CATALOGUE, *_own_names(models_dir))]


def pack_info(models_dir: Path, pack: str = "open") -> PackInfo:
    """What is known of a pack, there or not; builds nothing. Blocking.

    Raises:
        ModelPackError: There is no pack of that name.
    """
    return _info(models_dir, resolved(models_dir, pack))


def verify_pack(models_dir: Path, pack: str = "open") -> list[FileCheck]:
    """Compare every file of a pack with its manifest; writes nothing.

    Raises:
        ModelPackError: There is no pack of that name.
    """
    pack = resolved(models_dir, pack)
    folder = _folder(models_dir, pack)
    try:
        manifest = _manifest(models_dir, pack)
    except ModelPackError as error:
        return [FileCheck(MANIFEST, False, str(error))]
    opened = Pack(folder, manifest)
    checks = [FileCheck(MANIFEST, True, "")]
    for entry in manifest.files:
        try:
            opened.read(entry.name)
        except ModelPackError as error:
            checks.append(FileCheck(entry.name, False, str(error)))
        else:
            checks.append(FileCheck(entry.name, True, ""))
    return checks


def open_pack(models_dir: Path, pack: str = "open") -> Pack:
    """The pack, verified; built first where that takes nothing but installed packages.

    Args:
        models_dir: Where packs lie.
        pack: Its name; `chosen` is the one that `kirdi models use` chose.

    Raises:
        ModelPackError: It isn't there and cannot be built here, or is damaged.
    """
    pack = resolved(models_dir, pack)
    state = _state(models_dir, pack)
    if state == "ready":
        return Pack(_folder(models_dir, pack), _manifest(models_dir, pack))
    recipe = CATALOGUE.get(pack)
    if recipe is None or recipe.downloads:
        bad = next((check for check in verify_pack(models_dir, pack) if not check.ok), None)
        if state == "damaged" and bad is not None:
            raise ModelPackError(bad.problem)
        remedy = f"run: kirdi models pull {pack}" if recipe is not None else REMEDY
        raise ModelPackError(f"model pack {pack}: it is not on this machine; {remedy}")
    return build_pack(models_dir, pack)


def build_pack(
    models_dir: Path,
    pack: str = "open",
    force: bool = False,
    *,
    recipe: Recipe | None = None,
    downloads: Path | None = None,
    accepted: str = "",
) -> Pack:
    """Make a pack unless a good one is there; safe with other processes doing the same.

    Args:
        models_dir: Made if absent.
        pack: Its name.
        force: Make it even if a good one is there.
        recipe: How, if not as the catalogue says.
        downloads: Where the published files lie that it is made from.
        accepted: When non-commercial terms were accepted, ISO 8601.

    Raises:
        ModelPackError: A source is missing or foreign, or the disk refuses.
    """
    recipe = recipe or recipe_for(pack)
    if recipe.downloads and downloads is None:
        if _state(models_dir, pack) == "ready" and not force:
            return open_pack(models_dir, pack)
        raise ModelPackError(f"model pack {pack}: it is made from published files; {recipe.remedy}")
    with pack_lock(models_dir, pack):
        state = _state(models_dir, pack)
        if state != "ready" or force:
            _log.info("building model pack", pack=pack, state=state)
            _build(models_dir, recipe, downloads or _NOWHERE, accepted)
    return Pack(_folder(models_dir, pack), _manifest(models_dir, pack))


@contextmanager
def pack_lock(models_dir: Path, pack: str) -> Iterator[None]:
    """Be the only one who changes a pack; what killed builders left is swept away.

    Raises:
        ModelPackError: Somebody else keeps on changing it, or the disk refuses.
    """
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with exclusive(models_dir / f".{pack}.lock", _LOCK_TIMEOUT_S):
            sweep(models_dir, pack)
            yield
    except OSError as error:
        where = error.filename or models_dir
        raise ModelPackError(
            f"{where}: the model pack {pack} cannot be written ({error.strerror or error}); "
            "free space there, or make the folder writable"
        ) from error


def _info(models_dir: Path, name: str) -> PackInfo:
    state = _state(models_dir, name)
    folder = _folder(models_dir, name)
    manifest = None
    if state == "ready":
        manifest = _manifest(models_dir, name)
    about = manifest or CATALOGUE.get(name)
    if about is None:  # one's own, and damaged
        unknown = "unknown: its manifest is damaged"
        return PackInfo(name, "", state, unknown, False, "", (), 0, folder)
    return PackInfo(
        pack=name,
        pack_id=about.pack_id,
        state=state,
        licence=about.licence.name,
        commercial=about.licence.commercial,
        accepted=about.licence.accepted,
        weak_for=about.weak_for,
        size=sum(entry.size for entry in manifest.files) if manifest else 0,
        folder=folder,
    )


def _own_names(models_dir: Path) -> list[str]:
    """Folders that hold a manifest and are none of the catalogue's."""
    if not models_dir.is_dir():
        return []
    return sorted(
        path.name
        for path in models_dir.iterdir()
        if _NAME.fullmatch(path.name) and path.name not in CATALOGUE and (path / MANIFEST).is_file()
    )


def _folder(models_dir: Path, pack: str) -> Path:
    if pack not in CATALOGUE and (
        not _NAME.fullmatch(pack) or not (models_dir / pack / MANIFEST).is_file()
    ):
        known = ", ".join((*CATALOGUE, *_own_names(models_dir)))
        raise ModelPackError(f"model pack {pack!r}: unknown; known are {known}")
    return models_dir / pack


def _state(models_dir: Path, pack: str) -> State:
    if not _folder(models_dir, pack).exists():
        return "absent"
    good = all(check.ok for check in verify_pack(models_dir, pack))
    return "ready" if good else "damaged"


def _manifest(models_dir: Path, pack: str) -> Manifest:
    """The manifest, if it describes a pack of that name made as this version makes it."""
    path = _folder(models_dir, pack) / MANIFEST
    recipe = CATALOGUE.get(pack)
    remedy = recipe.remedy if recipe is not None else REMEDY
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ModelPackError(f"{path}: damaged (not text); {remedy}") from error
    except OSError as error:
        raise ModelPackError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    manifest = Manifest.from_json(text, remedy)
    if manifest.pack != pack or (recipe is not None and not _made_by(recipe, manifest)):
        raise ModelPackError(f"{path}: describes another version of this pack; {remedy}")
    return manifest


def _made_by(recipe: Recipe, manifest: Manifest) -> bool:
    """Whether the recipe makes what the manifest describes."""
    expected = _describe(recipe, manifest.sources, manifest.files, manifest.licence.accepted)
    if manifest != expected or len(manifest.sources) != len(recipe.ingredients):
        return False
    return all(
        source.sha256 == item.source.sha256 or not item.source.sha256
        for source, item in zip(manifest.sources, recipe.ingredients, strict=True)
    ) and tuple(entry.name for entry in manifest.files) == tuple(
        item.name for item in recipe.ingredients
    )


def _describe(
    recipe: Recipe,
    sources: tuple[SourceFile, ...],
    files: tuple[PackFile, ...],
    accepted: str,
) -> Manifest:
    return Manifest(
        schema=SCHEMA,
        pack=recipe.pack,
        pack_id=recipe.pack_id,
        recipe=recipe.version,
        detector=recipe.detector,
        embedder=recipe.embedder,
        liveness=recipe.liveness,
        scores=recipe.scores,
        licence=Licence(recipe.licence.name, recipe.licence.commercial, accepted),
        weak_for=recipe.weak_for,
        weak_reason=recipe.weak_reason,
        quantisation=(),
        sources=sources,
        files=files,
    )


def _build(models_dir: Path, recipe: Recipe, downloads: Path, accepted: str) -> None:
    sources: list[SourceFile] = []

    def files() -> Iterator[tuple[str, bytes]]:
        for item in recipe.ingredients:
            content, source = item.source.read(downloads)
            sources.append(source)
            yield item.name, item.convert(content)

    place(
        models_dir,
        recipe.pack,
        files(),
        lambda entries: _describe(recipe, tuple(sources), entries, accepted),
    )
