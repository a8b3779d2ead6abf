"""What int8 changed about a model, as measured when it was quantised."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

_Figure = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class QuantisationCheck:
    """One figure and the limit it was held to.

    Attributes:
        model: Which model.
        figure: What was measured, in words.
        value: How it came out.
        limit: The value must not be beyond it.
        passed: Whether it isn't.
        samples: On how many faces or pairs.
    """

    model: Literal["detector", "embedder"]
    figure: str
    value: _Figure
    limit: _Figure
    passed: bool
    samples: int
