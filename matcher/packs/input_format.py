"""How a published network wants its pixels; the pack's graph does it itself, from uint8 RGB."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

_Finite = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class InputFormat:
    """Float pixels, channels first: (value - mean) * scale.

    Attributes:
        colour: Order of the channels.
        mean: Per channel, in that order, of values 0 to 255.
        scale: What the difference is multiplied by.
    """

    colour: Literal["RGB", "BGR"] = "RGB"
    mean: tuple[_Finite, _Finite, _Finite] = (0.0, 0.0, 0.0)
    scale: _Finite = 1.0

    # With a default for everything a misspelt key would go unnoticed.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


CENTERFACE_INPUT = InputFormat()
DLIB_INPUT = InputFormat("RGB", (122.782, 117.001, 104.298), 1 / 256)
YUNET_INPUT = InputFormat("BGR")
# OpenCV's FaceRecognizerSF swaps the channels of its BGR pictures: the network wants RGB, and
# scales them itself.
SFACE_INPUT = InputFormat("RGB")
