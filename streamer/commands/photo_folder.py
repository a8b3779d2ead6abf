"""Embeds a folder of people's photos, NAME/*.jpg. Used by `evaluate` and `models calibrate`.

Only vectors are kept, in memory; nothing of a face is written anywhere.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matcher.face import Embedding, Face, Image
from matcher.matcher import Matcher
from streamer.errors import InputError
from streamer.patients.photo import read_photo

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
# Enough to fill the matcher's batches; a photo may have 60 megapixels.
_AT_ONCE = 8
# How much a face away from the middle loses against a larger one, as insightface weighs it.
_OFF_CENTRE = 2.0

Peek = Callable[[str, int, Image], None]
"""Sees each readable photo: the person's name, the photo's number, the picture."""


@dataclass(frozen=True, slots=True)
class PhotoFolder:
    """People's photos as vectors.

    Attributes:
        people: Name to the embeddings of their usable photos, by number of the photo.
        photos: Name to how many photos the folder holds.
        stopped: Reason to how many photos it made unusable.
    """

    people: Mapping[str, Mapping[int, Embedding]]
    photos: Mapping[str, int]
    stopped: Mapping[str, int]


def photos_of(folder: Path) -> dict[str, list[Path]]:
    """The photos by person, in order of their names.

    Raises:
        InputError: There is no such folder, or none of its folders holds a photo.
    """
    try:
        found = {
            person.name: sorted(
                file for file in person.iterdir() if file.suffix.lower() in _SUFFIXES
            )
            for person in sorted(folder.iterdir())
            if person.is_dir()
        }
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: cannot be read ({error.strerror}); give a folder that "
            "holds a folder of photos for each person"
        ) from error
    found = {name: files for name, files in found.items() if files}
    if not found:
        raise InputError(
            f"{folder}: holds no photos; give a folder with a folder per person, NAME/*.jpg"
        )
    return found


async def embed_folder(
    photos: Mapping[str, Sequence[Path]],
    matcher: Matcher,
    gate: Callable[[Face], str | None],
    tell: Callable[[int], None],
    peek: Peek | None = None,
) -> PhotoFolder:
    """Find and embed the main face of every photo.

    Args:
        photos: By person.
        matcher: Finds and embeds.
        gate: Says what keeps a face from being compared.
        tell: Called with the number of photos done so far.
        peek: Called with every photo that can be read, in a thread.
    """
    people: dict[str, dict[int, Embedding]] = {name: {} for name in photos}
    stopped: Counter[str] = Counter()
    todo = iter([(n, i, f) for n, files in photos.items() for i, f in enumerate(files)])
    done = 0

    async def work() -> None:
        nonlocal done
        for name, number, file in todo:
            found = await _embed(name, number, file, matcher, gate, peek)
            if isinstance(found, Embedding):
                people[name][number] = found
            else:
                stopped[found] += 1
            done += 1
            tell(done)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    counts = {name: len(files) for name, files in photos.items()}
    ordered = {name: dict(sorted(known.items())) for name, known in people.items()}
    return PhotoFolder(ordered, counts, stopped)


async def _embed(
    name: str,
    number: int,
    file: Path,
    matcher: Matcher,
    gate: Callable[[Face], str | None],
    peek: Peek | None,
) -> Embedding | str:
    """The embedding of a photo's main face, or what kept it from being made."""
    try:
        photo = await asyncio.to_thread(read_photo, file)
    except InputError:
        return "unreadable"
    if peek is not None:
        await asyncio.to_thread(peek, name, number, photo.image)
    faces = await matcher.detect(photo.image)
    if not faces:
        return "no_face"
    height, width = photo.image.shape[:2]
    face = max(faces, key=lambda one: prominence(one.bbox, width, height))
    reason = gate(face)
    if reason is not None:
        return str(reason)
    (embedding,) = await matcher.embed(photo.image, [face])
    return embedding


def prominence(box: tuple[float, float, float, float], width: int, height: int) -> float:
    """How likely a face is the one a photo is of: large and in the middle; others stand behind.

    Args:
        box: x1, y1, x2, y2 in pixels.
        width: Of the photo.
        height: Of the photo.
    """
    x1, y1, x2, y2 = box
    off = ((x1 + x2 - width) / 2) ** 2 + ((y1 + y2 - height) / 2) ** 2
    return (x2 - x1) * (y2 - y1) - _OFF_CENTRE * off
