"""Can a browser show this stream as it is? Pure; for whoever sets a camera up (`cameras probe`)."""

from typing import Final

from streamer.domain.remark import Remark
from streamer.ingest.stream_info import StreamInfo

_LONGEST_GOP_S: Final = 2.0
_WIDEST_PX: Final = 1280


def hindrances(info: StreamInfo) -> tuple[Remark, ...]:
    """What keeps a stream from being shown without encoding it anew; nothing where it is fit.

    Browsers take H.264 over WebRTC (RFC 7742), show B-frames out of order, and after a loss stand
    still until the next keyframe.
    """
    found = []
    if info.codec != "h264":
        text = f"it is {info.codec}: set the camera's second stream to H.264"
        found.append(Remark("view_codec", text, {"codec": info.codec}))
    if info.has_b_frames:
        text = "it has B-frames: set the profile to Baseline, or B-frames to 0"
        found.append(Remark("view_b_frames", text))
    if info.gop_s is None or info.gop_s > _LONGEST_GOP_S:
        seconds = f"{_LONGEST_GOP_S:g}"
        text = f"keyframes are rare: set one every {seconds} seconds or oftener"
        found.append(Remark("view_keyframes", text, {"seconds": seconds}))
    if info.width > _WIDEST_PX:
        text = f"it is {info.width} pixels wide: a second stream of 640 to 1280 is enough"
        found.append(Remark("view_width", text, {"width": info.width}))
    return tuple(found)
