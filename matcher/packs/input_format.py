"""How a published network wants its pixels; the pack's graph does it itself, from uint8 RGB."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

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
