"""What every fault is: a frozen record, and the points where it may act. Used by `board`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from streamer.simulator.codec import Codec
from streamer.simulator.faults.stream_fault import StreamFault
from streamer.simulator.rtsp import Request, Response
from streamer.simulator.session_register import SessionRegister

Picture = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a camera misbehaves.

    A fault overrides what it needs and leaves the rest; nothing else in the simulator knows which
    faults there are. A record holds settings only: what must be remembered about a stream is in
    the `StreamFault` it makes for it.

    Attributes:
        name: What it is called on the command line.
        closes_port: Whether connections are refused.
        codec: What pictures are encoded in, or None for what the file has.
        paints: Whether `paint` changes pictures, which then are decoded and encoded again.
    """

    name: ClassVar[str]
    closes_port: ClassVar[bool] = False
    codec: ClassVar[Codec | None] = None
    paints: ClassVar[bool] = False

    @property
    def answer_delay_s(self) -> float:
        """How long an answer waits."""
        return 0.0

    @property
    def answer_gap_s(self) -> float:
        """How long every byte of an answer waits for the one before, until media flows."""
        return 0.0

    def before(self, request: Request, sessions: SessionRegister) -> Response | None:  # noqa: ARG002 - for those that override it
        """What is answered instead of the truth, to a request that may be made."""
        return None

    def after(self, request: Request, response: Response) -> Response:  # noqa: ARG002 - likewise
        """What becomes of a true answer; the same object where nothing does."""
        return response

    def on_stream(self) -> StreamFault | None:
        """A new stream's own state, where the fault acts on streams."""
        return None

    def paint(self, picture: Picture, at_s: float) -> Picture:  # noqa: ARG002 - likewise
        """What becomes of a picture shown `at_s` seconds into the stream."""
        return picture
