"""What each contender of `kirdi bench peers` does, and the frames all of them are given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from matcher.face import Image
from streamer.errors import InputError, KirdiError


class PeerUnavailableError(KirdiError):
    """What a contender rests on is not installed, or is of no use to it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An analysed frame.

    Attributes:
        at: Seconds from the clip's beginning.
        image: uint8 (h, w, 3) RGB.
    """

    at: float
    image: Image


@dataclass(frozen=True, slots=True)
class Visit:
    """A recording and who of the enrolled comes into it."""

    clip: Path
    people: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is shown to every contender.

    Attributes:
        photos: Of each person who is enrolled; the largest face in each is theirs.
        visits: The recordings.
    """

    photos: Mapping[str, Sequence[Image]]
    visits: Sequence[Visit]


class Peer(Protocol):
    """One way to recognise people."""

    @property
    def name(self) -> str:
        """What the row is called."""
        ...

    @property
    def note(self) -> str:
        """What exactly is run."""
        ...

    async def enrol(self, photos: Mapping[str, Sequence[Image]]) -> None:
        """Learn whom to recognise; not on the clock."""
        ...

    async def watch(self, frames: Iterator[Seen]) -> frozenset[str]:
        """Go through a recording and say who came."""
        ...


def frames_of(clip: Path, analyse_fps: float) -> Iterator[Seen]:
    """So many frames a second of a clip, decoded as they are asked for.

    Raises:
        InputError: It is no video.
    """
    try:
        with av.open(str(clip)) as container:
            due = 0.0
            for frame in container.decode(video=0):
                at = float(frame.time or 0.0)
                if at + 1e-6 >= due:
                    due = max(due + 1.0 / analyse_fps, at)
                    yield Seen(at, np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
    except (av.FFmpegError, OSError, IndexError) as error:
        raise InputError(f"clip {clip}: it cannot be read as video") from error
