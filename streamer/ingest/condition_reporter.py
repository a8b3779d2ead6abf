"""Says how the picture is and what decodes it, when that changes. Runs in the decoder process."""

import re
import threading
from collections.abc import Callable
from typing import Final

from av import VideoFrame

from streamer.ingest.condition import MAX_BIT_DEPTH, MAX_SIDE_PX, Condition
from streamer.ingest.hardware import decoding_of
from streamer.ingest.luma import BLOCKS, DETAIL, LumaSampler
from streamer.ingest.picture_watch import PictureWatch
from streamer.ingest.protocol import Reference
from streamer.ingest.source import Source

_BETWEEN_S: Final = 1.0
_NARROWEST_PX: Final = 480
"""A narrower picture is soft in itself once enlarged to `DETAIL`."""


class ConditionReporter:
    """Looks at a frame a second, and sends what has changed."""

    def __init__(self, send: Callable[[Condition | Reference], bool], reference: bytes) -> None:
        """Begin with nothing said.

        Args:
            send: Tells the service; False when it does not read just now.
            reference: Of an earlier connection, or empty.
        """
        self._send = send
        self._watch = PictureWatch(reference)
        self._blocks, self._detail = LumaSampler(BLOCKS), LumaSampler(DETAIL)
        self._forget = threading.Event()
        self._said: Condition | None = None
        self._asked_at = float("-inf")

    def forget_reference(self) -> None:
        """Where the camera looks from now on is right; may be called from any thread."""
        self._forget.set()

    def see(self, frame: VideoFrame, source: Source, now: float, *, keyframes_only: bool) -> None:
        """Take in a sound frame that arrived at `now`, monotonic seconds."""
        if self._forget.is_set():
            self._forget.clear()
            self._watch.forget_reference()
        if self._watch.due(now):
            wide = frame.width >= _NARROWEST_PX
            detail = (lambda: self._detail.sample(frame)) if wide else None
            self._watch.look(self._blocks.sample(frame), detail, now)
            reference = self._watch.reference(now)
            if reference is not None:
                self._send(Reference(reference))
        # Also where nothing has changed: asking PyAV costs, and would be done for every frame.
        if now - self._asked_at < _BETWEEN_S:
            return
        condition = self._condition(frame, source, keyframes_only=keyframes_only)
        if condition == self._said or self._send(condition):
            self._said, self._asked_at = condition, now

    def _condition(self, frame: VideoFrame, source: Source, *, keyframes_only: bool) -> Condition:
        dark, blurred, covered, moved = self._watch.findings
        name = source.stream.codec_context.codec.canonical_name
        return Condition(
            decoding=decoding_of(frame, source.device),
            codec=re.sub(r"[^a-z0-9_]", "_", name.lower())[:16],
            width=min(frame.width, MAX_SIDE_PX),
            height=min(frame.height, MAX_SIDE_PX),
            bit_depth=min(frame.format.components[0].bits, MAX_BIT_DEPTH),
            dark=dark,
            blurred=blurred,
            covered=covered,
            moved=moved,
            keyframes_only=keyframes_only,
        )
