"""Which paths a simulated camera offers for the files it was given. Used by `server`."""

from collections.abc import Sequence
from pathlib import Path

from streamer.errors import InputError
from streamer.simulator.programme import Programme
from streamer.simulator.video_file import VideoFile

MAIN_PATH = "stream"


class ProgrammeList:
    """The programmes by path: `stream` plays all files in turn, and each file has its own.

    Files of different codecs can't be one stream: then there is no `stream`, only a path a file.
    A file's path is its name without the ending; where a path is taken, `-2` and so on follow.
    """

    def __init__(self, programmes: Sequence[Programme]) -> None:
        self._by_path = {programme.path: programme for programme in programmes}

    @classmethod
    def open(cls, paths: Sequence[Path], *, loop: bool) -> "ProgrammeList":
        """Look into the files; blocking.

        Raises:
            InputError: No file is given, or one cannot be played.
        """
        if not paths:
            raise InputError("camera simulate: no file given; name one or more video files")
        files = [VideoFile.open(path) for path in paths]
        programmes: list[Programme] = []
        taken: set[str] = set()
        if len({video.codec for video in files}) == 1:
            programmes.append(Programme(MAIN_PATH, tuple(files), loop))
            taken.add(MAIN_PATH)
        for video in files:
            path = _free(video.path.stem, taken)
            taken.add(path)
            programmes.append(Programme(path, (video,), loop))
        return cls(programmes)

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths, the main one first."""
        return tuple(self._by_path)

    def find(self, path: str) -> Programme | None:
        """The programme at a path, without slashes around it."""
        return self._by_path.get(path)


def _free(stem: str, taken: set[str]) -> str:
    # A slash can't be in a file's name, but a name of dots alone would be another path in a URL.
    name = stem if stem.strip(".") else "file"
    path, number = name, 2
    while path in taken:
        path, number = f"{name}-{number}", number + 1
    return path
