"""`kirdi models pull`: gets a pack's published files, checks them, and makes the pack of them."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from matcher.errors import ModelPackError
from matcher.packs.catalogue import recipe_for
from matcher.packs.download import Download, digest_of
from matcher.packs.fetch import Progress, Wanted, fetch
from matcher.packs.pack import Pack
from matcher.packs.recipe import Recipe
from matcher.packs.store import build_pack, open_pack, pack_lock

_DOWNLOADS = ".downloads"
_SPARE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class PullOrder:
    """What to pull, and from where.

    Attributes:
        pack: The pack's name.
        accepted: When non-commercial terms were accepted, ISO 8601; empty if they weren't.
        given: A published file, or a folder that holds them, instead of the network.
        mirror: Address of a folder that holds the published files, instead of their publishers.
        sha256: Of the one file whose publisher names none.
        force: Even if a good pack is there.
    """

    pack: str
    accepted: str = ""
    given: Path | None = None
    mirror: str | None = None
    sha256: str = ""
    force: bool = False


def pull_pack(models_dir: Path, order: PullOrder, progress: Progress) -> Pack:
    """Get a pack; blocking, minutes. What a cut connection left is used the next time.

    Raises:
        ModelPackError: Terms weren't accepted, or a file cannot be had or is another one.
    """
    recipe = recipe_for(order.pack)
    if not recipe.licence.commercial and not order.accepted:
        raise ModelPackError(
            f"model pack {order.pack}: {recipe.licence.name}; a clinic's work is none. If it is "
            "yours to use: kirdi models pull "
            f"{order.pack} --accept-non-commercial"
        )
    if not recipe.downloads:
        return build_pack(models_dir, order.pack, order.force)
    recipe = _with_sha256(recipe, order.sha256)
    downloads = models_dir / _DOWNLOADS
    with pack_lock(models_dir, f"pull-{order.pack}"):
        if not order.force and _is_ready(models_dir, order):
            return open_pack(models_dir, order.pack)
        downloads.mkdir(mode=0o700, exist_ok=True)
        for download in recipe.downloads:
            _obtain(download, downloads, order, recipe.downloads, progress)
        pack = build_pack(
            models_dir,
            order.pack,
            force=True,
            recipe=recipe,
            downloads=downloads,
            accepted=order.accepted if not recipe.licence.commercial else "",
        )
        for download in recipe.downloads:
            (downloads / download.file).unlink(missing_ok=True)
    return pack


def _is_ready(models_dir: Path, order: PullOrder) -> bool:
    try:
        open_pack(models_dir, order.pack)
    except ModelPackError:
        return False
    return True


def _with_sha256(recipe: Recipe, sha256: str) -> Recipe:
    """The recipe with the sha256 its user vouches for, where its publisher names none."""
    if not sha256:
        return recipe
    if len(sha256) != 64 or set(sha256.lower()) - set("0123456789abcdef"):
        raise ModelPackError(f"--sha256 {sha256[:20]!r}: no sha256; 64 hexadecimal digits")
    unnamed = [one for one in recipe.downloads if not one.sha256]
    if len(unnamed) != 1:
        raise ModelPackError(
            f"model pack {recipe.pack}: its files have a published sha256; leave out --sha256"
        )
    known = replace(unnamed[0], sha256=sha256.lower())
    items = tuple(
        replace(item, source=known) if item.source == unnamed[0] else item
        for item in recipe.ingredients
    )
    return replace(recipe, ingredients=items)


def _obtain(
    download: Download,
    downloads: Path,
    order: PullOrder,
    all_of_them: Sequence[Download],
    progress: Progress,
) -> None:
    """Leave the checked file in the folder of downloads."""
    place = downloads / download.file
    if not download.sha256:
        download.check(place, "", 0)
    if place.exists():
        if digest_of(place)[0] == download.sha256:
            return
        place.unlink()
    part = downloads / f"{download.file}.part"
    if order.given is not None:
        _copy(download, order.given, part, order.pack, all_of_them)
        download.check(_given_file(download, order.given), *digest_of(part))
    else:
        _fetch(download, part, order, all_of_them, progress)
    part.replace(place)


def _copy(
    download: Download, given: Path, part: Path, pack: str, all_of_them: Sequence[Download]
) -> None:
    source = _given_file(download, given)
    if not source.is_file():
        raise ModelPackError(
            f"{given}: {download.file} is not there. {_offline_help(pack, all_of_them)}"
        )
    shutil.copyfile(source, part)


def _given_file(download: Download, given: Path) -> Path:
    return given / download.file if given.is_dir() else given


def _fetch(
    download: Download,
    part: Path,
    order: PullOrder,
    all_of_them: Sequence[Download],
    progress: Progress,
) -> None:
    free = shutil.disk_usage(part.parent).free
    there = part.stat().st_size if part.exists() else 0
    if download.size is not None and free < download.size - there + _SPARE_BYTES:
        raise ModelPackError(
            f"{part.parent}: {free} bytes are free, {download.file} needs {download.size}; "
            "free space there"
        )
    url = f"{order.mirror.rstrip('/')}/{download.file}" if order.mirror else download.url
    wanted = Wanted(url, download.file, download.size)
    try:
        # A part of an older or foreign file may lie there: then once more, from its beginning.
        for resumed in (there > 0, False):
            fetch(wanted, part, progress)
            digest, size = digest_of(part)
            if digest == download.sha256:
                return
            part.unlink()
            if not resumed:
                download.check(part, digest, size)
    except ModelPackError as error:
        raise ModelPackError(f"{error}. {_offline_help(order.pack, all_of_them)}") from error


def _offline_help(pack: str, downloads: Sequence[Download]) -> str:
    addresses = ", ".join(one.url for one in downloads)
    return (
        f"Without the network: get {addresses} on another machine, put it into a folder here, "
        f"then run: kirdi models pull {pack} --from FOLDER"
    )
