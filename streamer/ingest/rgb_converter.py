"""Turns any decoded frame into full-range RGB of the same size. Runs in the decoder process."""

from typing import Final

from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

_UNSPECIFIED: Final = 2
"""AVCOL_SPC_UNSPECIFIED (ITU-T H.273)."""
_HD_HEIGHT: Final = 720


class RgbConverter:
    """Keeps FFmpeg's scaling context between frames: making one costs more than using it."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def convert(self, frame: VideoFrame) -> VideoFrame:
        """An rgb24 frame of the same size; rows may be padded.

        A stream that names no colour matrix is taken as BT.709 from 720 lines on and as BT.601
        below, as players do; FFmpeg alone would take BT.601 for all.
        """
        untold = frame.colorspace == _UNSPECIFIED and frame.height >= _HD_HEIGHT
        return self._reformatter.reformat(
            frame,
            format="rgb24",
            src_colorspace=Colorspace.ITU709 if untold else None,
            dst_color_range=ColorRange.JPEG,
            # More threads would be faster for one camera and worse for a machine full of them.
            threads=1,
        )
