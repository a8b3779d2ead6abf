"""What is played at one path: files one after another, perhaps over and over.

Made by `programme_list`, played by `media_sender`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.codec import Codec
from streamer.simulator.parameter_sets import ParameterSets
from streamer.simulator.video_file import VideoFile


@dataclass(frozen=True, slots=True)
class Programme:
    """One or more files of one codec under a path (no slash before it)."""

    path: str
    files: tuple[VideoFile, ...]
    loop: bool

    @property
    def codec(self) -> Codec:
        """The codec all its files share."""
        return self.files[0].codec

    @property
    def parameters(self) -> ParameterSets:
        """The parameter sets at its start; later ones come in the stream."""
        return self.files[0].parameters

    @property
    def fps(self) -> float | None:
        """Frames a second, or None where its files differ."""
        rates = {video.fps for video in self.files}
        return rates.pop() if len(rates) == 1 else None

    def units(self) -> Iterator[AccessUnit]:
        """Every picture in decoding order; the first is shown at 0 and times go on across files.

        Blocking, as `VideoFile.units` is.

        Raises:
            InputError: A file can no longer be opened.
        """
        end_dts: int | None = None
        end_pts = 0
        while True:
            played = False
            for video in self.files:
                shift: int | None = None
                for unit in video.units():
                    if shift is None:
                        # Neither sent nor shown before the last picture of the file before.
                        shift = (
                            -unit.pts
                            if end_dts is None
                            else max(end_dts - unit.dts, end_pts - unit.pts)
                        )
                    moved = replace(unit, dts=unit.dts + shift, pts=unit.pts + shift)
                    end_pts = max(end_pts, moved.pts + moved.duration)
                    end_dts = moved.dts + moved.duration
                    played = True
                    yield moved
            if not self.loop or not played:
                return
