"""What somebody who looks at a camera for some seconds gets."""

from dataclasses import dataclass

from streamer.domain.viewability import Viewability


@dataclass(frozen=True, slots=True)
class ViewTest:
    """The outcome of one look; numbers of packets, never a picture.

    Attributes:
        camera_id: Which camera.
        stream: `main stream` or `sub-stream`.
        seconds: How long was looked.
        first_packet_s: Until the first packet, which is a keyframe; None where none came.
        packets: How many came.
        keyframes: How many of them are keyframes.
        keyframe_interval_s: The longest time between two; None with fewer than two.
        fps: Packets a second as they arrived; 0 where too few came.
        bit_rate: Bits a second likewise.
        dropped: Packets that were lost for this viewer.
        connections: How many connections to the camera the packets came from.
        codec: FFmpeg's name; empty where nothing came. So are the next three.
        width: Pixels.
        height: Pixels.
        viewability: Whether browsers can show it; None where nothing came.
        timed_by_arrival: The camera sends no usable times.
        reason: Why nothing comes, without secrets; else empty.
    """

    camera_id: str
    stream: str
    seconds: float
    first_packet_s: float | None
    packets: int
    keyframes: int
    keyframe_interval_s: float | None
    fps: float
    bit_rate: int
    dropped: int
    connections: int
    codec: str
    width: int
    height: int
    viewability: Viewability | None
    timed_by_arrival: bool
    reason: str
