"""What is known of a camera's stream for viewing."""

from dataclasses import dataclass

from streamer.domain.viewability import Viewability


@dataclass(frozen=True, slots=True)
class ViewState:
    """A stream for viewing as an operator asks about it.

    Attributes:
        stream: `main stream` or `sub-stream`.
        viewers: How many look.
        codec: FFmpeg's name; empty until somebody has looked. So are the next three.
        width: Pixels.
        height: Pixels.
        viewability: Whether browsers can show it; None until somebody has looked.
        fps: Packets a second over the last seconds; 0 while nobody looks. So is the next.
        bit_rate: Bits a second.
        dropped: Packets that slow viewers, or a slow service, have lost in all.
        reason: Why nothing comes although somebody looks, without secrets; else empty.
    """

    stream: str
    viewers: int = 0
    codec: str = ""
    width: int = 0
    height: int = 0
    viewability: Viewability | None = None
    fps: float = 0.0
    bit_rate: int = 0
    dropped: int = 0
    reason: str = ""
