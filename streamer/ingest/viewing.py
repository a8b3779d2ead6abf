"""Can a browser show this stream as it is? Pure; for whoever sets a camera up (`cameras probe`)."""

from typing import Final

from streamer.ingest.stream_info import StreamInfo

_LONGEST_GOP_S: Final = 2.0
_WIDEST_PX: Final = 1280


def hindrances(info: StreamInfo) -> tuple[str, ...]:
    """What keeps a stream from being shown without encoding it anew; nothing where it is fit.

    Browsers take H.264 over WebRTC (RFC 7742), show B-frames out of order, and after a loss stand
    still until the next keyframe.
    """
    found = []
    if info.codec != "h264":
        found.append(f"it is {info.codec}: set the camera's second stream to H.264")
    if info.has_b_frames:
        found.append("it has B-frames: set the profile to Baseline, or B-frames to 0")
    if info.gop_s is None or info.gop_s > _LONGEST_GOP_S:
        found.append(f"keyframes are rare: set one every {_LONGEST_GOP_S:g} seconds or oftener")
    if info.width > _WIDEST_PX:
        found.append(f"it is {info.width} pixels wide: a second stream of 640 to 1280 is enough")
    return tuple(found)
