"""What a decoder says about the picture and how it decodes it. Part of `protocol`.

Like `protocol` it is imported by both ends and so uses the standard library only.
"""

import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_SIDE_PX: Final = 8192
MAX_BIT_DEPTH: Final = 16

_layout = struct.Struct("<BBHHB16s")
_CODEC: Final = re.compile(rb"[a-z0-9_]{1,16}\0*")
_FLAGS: Final = ("dark", "blurred", "covered", "moved", "keyframes_only")


class Decoding(StrEnum):
    """What decodes the video."""

    SOFTWARE = "software"
    CUDA = "cuda"
    VAAPI = "vaapi"


_DECODINGS: Final = tuple(Decoding)


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of a stream's picture, sent when the first frame came and at each change.

    What is wrong with the picture has lasted for several seconds before it is said, and so has its
    end.

    Attributes:
        decoding: What decodes the video.
        codec: FFmpeg's name, for example h264.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        bit_depth: Bits of a sample of the video.
        dark: Too little light to find a face.
        blurred: Nothing in the picture is sharp, though there is light.
        covered: Most of the picture is uniform, though there is light.
        moved: The camera looks elsewhere than its reference picture shows.
        keyframes_only: Only keyframes are decoded, because nobody moved for minutes or because
            the service asked for it (`Pace`): the service knows which.
    """

    decoding: Decoding
    codec: str
    width: int
    height: int
    bit_depth: int
    dark: bool = False
    blurred: bool = False
    covered: bool = False
    moved: bool = False
    keyframes_only: bool = False

    def pack(self) -> bytes:
        """Encode it; `unpack` is the other way."""
        flags = sum(getattr(self, name) << bit for bit, name in enumerate(_FLAGS))
        return _layout.pack(
            flags,
            _DECODINGS.index(self.decoding),
            self.width,
            self.height,
            self.bit_depth,
            self.codec.encode("ascii"),
        )

    @classmethod
    def unpack(cls, data: bytes) -> "Condition":
        """Decode what a decoder said; it is not trusted.

        Raises:
            ValueError: It is not exactly a condition.
        """
        try:
            flags, decoding, width, height, bit_depth, codec = _layout.unpack(data)
        except struct.error as error:
            raise ValueError(f"a condition of {len(data)} bytes") from error
        if flags >> len(_FLAGS) or decoding >= len(_DECODINGS) or not _CODEC.fullmatch(codec):
            raise ValueError("a condition nobody knows")
        if not (
            0 < width <= MAX_SIDE_PX
            and 0 < height <= MAX_SIDE_PX
            and 0 < bit_depth <= MAX_BIT_DEPTH
        ):
            raise ValueError(f"a picture of {width}x{height} with {bit_depth} bits")
        return cls(
            _DECODINGS[decoding],
            codec.rstrip(b"\0").decode("ascii"),
            width,
            height,
            bit_depth,
            *(bool(flags >> bit & 1) for bit in range(len(_FLAGS))),
        )
