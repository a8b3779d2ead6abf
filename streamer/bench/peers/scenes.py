"""Who is enrolled from what, and who comes in where: the demo's lobby, or one's own recordings."""

import asyncio
import csv
from collections import defaultdict
from pathlib import Path
from typing import Final

from matcher.face import Image
from matcher.matcher import Matcher
from streamer.bench.lobby_clip import lobby_clip
from streamer.bench.peers.peer import Scene, Visit, frames_of
from streamer.embedded.demo.cast import CAST
from streamer.embedded.demo.photographs import find_people, read_photographs
from streamer.embedded.demo.portrait import enrolment_photos
from streamer.errors import InputError

_PHOTOS: Final = 2


async def lobby_scene(folder: Path, matcher: Matcher) -> Scene:
    """Eight people walk through the demo's lobby; all who have a reference there are enrolled.

    Raises:
        KirdiError: A photograph is not there, or the clip cannot be written.
    """
    clip = await lobby_clip(folder, matcher)
    people = await find_people(await asyncio.to_thread(read_photographs), matcher)
    photos = {
        member.patient_ref: [photo.image for photo in enrolment_photos(people[member.person])]
        for member in CAST
        if member.patient_ref is not None
    }
    return Scene(photos, [Visit(clip, frozenset(photos))])


def recorded_scene(table: Path) -> Scene:
    """People in clips of their own: enrolled from their last one, they come into the others.

    Args:
        table: CSV with the columns `clip` (relative to the file) and `person`.

    Raises:
        InputError: It is no such file, or somebody has one clip only.
    """
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = [(row["clip"], row["person"]) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table}: cannot be read as CSV in UTF-8") from error
    except KeyError as error:
        raise InputError(f"{table}: no column {error}; its columns are clip and person") from error
    clips: defaultdict[str, list[Path]] = defaultdict(list)
    for clip, person in rows:
        clips[person].append(table.parent / clip)
    for person, theirs in clips.items():
        if len(theirs) < 2:
            raise InputError(
                f"{table}: {person} has one clip; one to enrol from and one to come in"
            )
    if not clips:
        raise InputError(f"{table}: names nobody")
    return Scene(
        {person: _photos(theirs[-1]) for person, theirs in clips.items()},
        [Visit(clip, frozenset({who})) for who, theirs in clips.items() for clip in theirs[:-1]],
    )


def _photos(clip: Path) -> list[Image]:
    """Two frames, at a third and two thirds of the clip."""
    frames = [seen.image for seen in frames_of(clip, 30.0)]
    if not frames:
        raise InputError(f"clip {clip}: there is no picture in it")
    return [frames[(place + 1) * len(frames) // (_PHOTOS + 1)] for place in range(_PHOTOS)]
