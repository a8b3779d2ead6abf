"""A programme as a camera with faults shows it. Made by `session`, read by `unit_reader`."""

from collections import deque
from collections.abc import Iterator

from streamer.simulator.access_unit import AccessUnit
from streamer.simulator.codec import Codec
from streamer.simulator.faults.board import FaultBoard
from streamer.simulator.programme import Programme
from streamer.simulator.transcoder import Transcoder

_REMEMBERED_UNITS = 300
"""Of a longer GOP the beginning is not at hand when the picture must be changed in its middle; what
is shown until the next keyframe is then damaged."""


class Rendition:
    """Passes a programme's pictures on untouched as long as nothing changes them.

    A change takes effect at once: the pictures since the last keyframe are decoded then. Its end
    shows at once too; encoding goes on until the file's next keyframe.

    Args:
        programme: What is played.
        codec: What clients were promised.
        board: Asked for every picture whether and how it is changed.
    """

    def __init__(self, programme: Programme, codec: Codec, board: FaultBoard) -> None:
        self._programme = programme
        self._codec = codec
        self._board = board

    def units(self) -> Iterator[AccessUnit]:
        """Every picture, as `Programme.units` gives them; blocking.

        Raises:
            InputError: A file can no longer be opened.
        """
        other_codec = self._codec is not self._programme.codec
        since_keyframe: deque[AccessUnit] = deque(maxlen=_REMEMBERED_UNITS)
        transcoder: Transcoder | None = None
        for unit in self._programme.units():
            if transcoder is None and (other_codec or self._board.paints):
                transcoder = self._transcoder(since_keyframe)
                since_keyframe.clear()
            elif transcoder and unit.keyframe and not (other_codec or self._board.paints):
                yield from transcoder.flush()
                transcoder = None
            if transcoder is not None:
                yield from transcoder.units(unit)
                continue
            if unit.keyframe:
                since_keyframe.clear()
            since_keyframe.append(unit)
            yield unit
        if transcoder is not None:
            yield from transcoder.flush()

    def _transcoder(self, sent: deque[AccessUnit]) -> Transcoder:
        source = self._programme
        duration = source.files[0].frame_duration
        made = Transcoder(source.codec, self._codec, duration, self._board.paint)
        made.catch_up(sent)
        return made
