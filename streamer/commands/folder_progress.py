"""Embeds a folder of photos for a command, with progress on standard error."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.settings import Quality
from matcher.face import Image
from matcher.matcher import Matcher
from matcher.packs.manifest import Manifest
from matcher.packs.store import open_pack
from matcher.session import Hardware
from streamer.commands.photo_folder import Peek, PhotoFolder, embed_folder, photos_of
from streamer.models_folder import models_folder
from streamer.recognition import face_gate


@dataclass(frozen=True, slots=True)
class Embedded:
    """A folder of photos and the pack that embedded it."""

    manifest: Manifest
    folder: PhotoFolder


async def embed_with_progress(
    folder: Path, pack_name: str, home: Path, quality: Quality, peeks: Sequence[Peek] = ()
) -> Embedded:
    """Open a pack and embed every photo of a folder with it.

    Args:
        folder: NAME/*.jpg.
        pack_name: Of the pack, in the models folder.
        home: Kirdi's home folder.
        quality: The gates a face must pass.
        peeks: Each is called with every readable photo, in a thread.

    Raises:
        InputError: The folder holds no photos.
        MatcherError: The pack cannot be opened, or inference failed.
    """
    photos = photos_of(folder)
    pack = open_pack(models_folder(home), pack_name)

    def peek(name: str, number: int, image: Image) -> None:
        for one in peeks:
            one(name, number, image)

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task("photos", total=sum(map(len, photos.values())))
        async with await Matcher.open(pack, Hardware()) as matcher:
            found = await embed_folder(
                photos,
                matcher,
                face_gate(quality),
                lambda done: progress.update(task, completed=done),
                peek if peeks else None,
            )
    return Embedded(pack.manifest, found)
