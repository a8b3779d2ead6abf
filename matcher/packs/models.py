"""The models of a pack as its manifest describes them; `kind` says which code drives them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from matcher.chip import ChipLayout
from matcher.packs.input_format import InputFormat

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Precision = Literal["fp32", "int8"]

DetectorKind = Literal["centerface", "yunet", "scrfd"]
EmbedderKind = Literal["uint8_graph", "arcface"]
LivenessKind = Literal["minifas"]


@dataclass(frozen=True, slots=True)
class DetectorModel:
    """What finds faces.

    Attributes:
        kind: How its outputs are read. `centerface` and `yunet` take `image`, uint8
            (batch, height, width, 3) RGB; colour order and normalisation are in the graph.
            `scrfd` is insightface's and loaded by its own class.
        file: The pack's file.
        input: What the graph makes of these pixels for the network; None where insightface's class
            does it, as the published graph says.
        precision: Of its weights and activations.
    """

    kind: DetectorKind
    file: FileName
    input: InputFormat | None
    precision: Precision = "fp32"


@dataclass(frozen=True, slots=True)
class EmbedderModel:
    """What turns an aligned face into a vector.

    Attributes:
        kind: `uint8_graph` takes `chip`, uint8 (batch, side, side, 3) RGB, and gives `embedding`;
            colour order and normalisation are in the graph. `arcface` is insightface's.
        file: The pack's file.
        input: As a detector's.
        dimension: Length of a vector.
        unit_norm: Whether vectors are scaled to length 1 before they are compared.
        chip: The aligned face it wants.
        precision: Of its weights and activations.
    """

    kind: EmbedderKind
    file: FileName
    input: InputFormat | None
    dimension: Annotated[int, Field(ge=1, le=4096)]
    unit_norm: bool
    chip: ChipLayout
    precision: Precision = "fp32"


@dataclass(frozen=True, slots=True)
class LivenessModel:
    """What tells a face from a picture of one.

    Attributes:
        kind: How it is fed and read.
        file: The pack's file.
    """

    kind: LivenessKind
    file: FileName
