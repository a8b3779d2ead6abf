"""How many inputs go through a model at once: pure splitting and padding, used around sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

BUCKETS = (1, 2, 4, 8, 16)
"""The batch sizes a model is warmed with; any other size would make a GPU tune anew."""

_WASTE = 4
"""At most one in so many places of a batch may be padding; else two smaller batches cost less."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs `start` to `stop` (excluded), run as one batch of `size` with padding at its end."""

    start: int
    stop: int
    size: int


def plan(count: int, buckets: Sequence[int] = BUCKETS) -> tuple[Batch, ...]:
    """Split `count` inputs into batches of the allowed sizes, in order and without gaps.

    Raises:
        ValueError: The count is negative, or the buckets are not rising sizes from 1.
    """
    if not buckets or buckets[0] != 1 or any(a >= b for a, b in pairwise(buckets)):
        raise ValueError(f"buckets must rise from 1: {list(buckets)}")
    if count < 0:
        raise ValueError(f"no batch holds {count} inputs")
    batches: list[Batch] = []
    start = 0
    while start < count:
        left = count - start
        fitting = min((size for size in buckets if size >= left), default=buckets[-1])
        full = max(size for size in buckets if size <= left)
        size = fitting if (fitting - left) * _WASTE <= fitting else full
        stop = start + min(size, left)
        batches.append(Batch(start, stop, size))
        start = stop
    return tuple(batches)


def pad(inputs: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    """Fill up to `size` along the first axis by repeating the last input.

    Raises:
        ValueError: There is no input, or more than `size`.
    """
    missing = size - len(inputs)
    if len(inputs) == 0 or missing < 0:
        raise ValueError(f"{len(inputs)} inputs do not fill a batch of {size}")
    if missing == 0:
        return inputs
    return np.concatenate([inputs, np.repeat(inputs[-1:], missing, axis=0)])
