"""Watches a stream's packets go by: what they are, and whether browsers can show them.

Runs in the decoder process, while somebody looks.
"""

import re
from fractions import Fraction
from typing import Final

from streamer.domain.stream_format import StreamFormat
from streamer.domain.viewability import Viewability
from streamer.ingest import h264
from streamer.ingest.access_unit import AccessUnitHead, read_head
from streamer.ingest.condition import MAX_SIDE_PX

MAX_SETS_BYTES: Final = 4096
_H264: Final = "h264"


class PacketInspector:
    """Knows the format of a stream after each of its packets.

    Times are not its business: see `PacketTimes`.
    """

    def __init__(
        self, codec: str, size: tuple[int, int], time_base: Fraction, extradata: bytes | None
    ) -> None:
        """Begin with what the camera announced.

        Args:
            codec: FFmpeg's name.
            size: Width and height; 0 where unknown.
            time_base: Of the packets.
            extradata: Parameter sets in Annex B, if any.
        """
        self._codec = re.sub(r"[^a-z0-9_]", "_", codec.lower())[:16]
        self._size = size
        self._time_base = time_base
        self._plain = self._idr = True
        self._reordered = False
        self._sets = b""
        self._adopt(read_head(self._codec, extradata or b""))

    @property
    def ticks_per_second(self) -> int:
        """The reciprocal of the time base, rounded."""
        return max(1, round(1 / self._time_base))

    @property
    def reorders(self) -> bool:
        """Whether pictures may come in another order than they are shown; of H.265 nobody looks."""
        return self._reordered or self._codec == "hevc"

    def see(self, data: bytes, *, keyframe: bool) -> bytes:
        """Take in the next packet; the same, and a keyframe with the parameter sets it needs."""
        head = read_head(self._codec, data)
        self._adopt(head)
        if self._codec == _H264:
            self._judge(head, keyframe=keyframe)
        if keyframe and not head.parameter_sets:
            return self._sets + data
        return data

    def format(self, *, timed_by_arrival: bool) -> StreamFormat:
        """The stream's format as known by now."""
        width, height = self._size
        return StreamFormat(
            codec=self._codec,
            width=min(width, MAX_SIDE_PX),
            height=min(height, MAX_SIDE_PX),
            time_base=self._time_base,
            viewability=self._viewability,
            timed_by_arrival=timed_by_arrival,
            parameter_sets=self._sets,
        )

    @property
    def _viewability(self) -> Viewability:
        if self._codec != _H264:
            return Viewability.CODEC
        if not self._plain:
            return Viewability.SAMPLES
        if self._reordered:
            return Viewability.B_FRAMES
        return Viewability.AS_IS if self._idr else Viewability.NO_IDR

    def _adopt(self, head: AccessUnitHead) -> None:
        if not head.parameter_sets or head.parameter_sets == self._sets:
            return
        if len(head.parameter_sets) > MAX_SETS_BYTES:
            return
        self._sets = head.parameter_sets
        self._reordered = False
        if self._codec == _H264:
            try:
                shape = h264.picture_shape(head.sequence_parameters)
            except ValueError:
                return  # FFmpeg may make something of it; whoever looks will see.
            self._size, self._plain = (shape.width, shape.height), shape.plain

    def _judge(self, head: AccessUnitHead, *, keyframe: bool) -> None:
        if keyframe:
            self._idr = head.slice_type == h264.IDR
        elif head.slice_head and not self._reordered:
            try:
                self._reordered = h264.is_b_slice(head.slice_head)
            except ValueError:
                return
