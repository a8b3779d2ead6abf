"""What runs of a pack's two models cost with nothing around ONNX Runtime. Blocking."""

import time
from collections.abc import Mapping

import numpy as np

from matcher.packs.pack import Pack
from matcher.session import Hardware, Shape
from streamer.bench.bare_session import bare_session


class BareModels:
    """Sessions of a pack's detector and embedder."""

    def __init__(self, pack: Pack, hardware: Hardware) -> None:
        """Load the models.

        Args:
            pack: An opened pack.
            hardware: A device that can be had.
        """
        manifest = pack.manifest
        self._detector, self._embedder = (
            bare_session(pack.read(model.file), hardware)
            for model in (manifest.detector, manifest.embedder)
        )

    def cpu_seconds(
        self, detector: Mapping[Shape, int], embedder: Mapping[Shape, int], seconds: float
    ) -> float:
        """CPU time of so many runs by input shape, from what a few of each take.

        Args:
            detector: How often the detector ran on each shape.
            embedder: How often the embedder did.
            seconds: To measure in, in all.
        """
        runs = [(self._detector, detector), (self._embedder, embedder)]
        each_s = seconds / max(1, len(detector) + len(embedder))
        total = 0.0
        for session, counts in runs:
            port = session.get_inputs()[0]
            kind = np.uint8 if "uint8" in port.type else np.float32
            for shape, count in counts.items():
                given = {port.name: np.zeros(shape, kind)}
                session.run(None, given)
                times, began, until = 0, time.process_time(), time.monotonic() + each_s
                while not times or time.monotonic() < until:
                    session.run(None, given)
                    times += 1
                total += count * (time.process_time() - began) / times
        return total
