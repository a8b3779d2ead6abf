"""A session that remembers what it was given, so that a bare one can be given exactly the same."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import onnxruntime

from matcher.session import Session, Tensor


class RecordingSession(Session):
    """Runs like any other; while `kept` is a list, what it runs is put there."""

    def __init__(
        self, inner: onnxruntime.InferenceSession, name: str, device: Literal["cpu", "cuda"]
    ) -> None:
        """As `Session`."""
        super().__init__(inner, name, device)
        self.kept: list[dict[str, Tensor]] | None = None

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, npt.NDArray[np.float32]]:
        """See `Session`."""
        if self.kept is not None:
            self.kept.append({name: value.copy() for name, value in inputs.items()})
        return super().run(inputs)
