"""The same work with PyAV and ONNX Runtime and nothing around them: the yardstick.

One process, one loop: decode each frame of a file, turn every analysed one into RGB, give the
detector a picture of the size it gets in the service, and the embedder batches of chips. Only the
libraries' own calls are on the stopwatch; reducing pictures and cutting chips out are not, since a
bare library does neither. Threads are set as the service sets them, and none of them spins.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import VideoReformatter

from matcher.batching import BUCKETS
from matcher.packs.pack import DETECTOR, EMBEDDER, Pack
from matcher.session import Hardware
from streamer.bench.bare_session import bare_session
from streamer.bench.figures import BareCosts, Shape

# Embedding is measured once in so many analysed frames: it needs fewer runs to be certain of.
_EMBED_EVERY: Final = 4


@dataclass(slots=True)
class _Stopwatch:
    """CPU seconds of this process, and how often."""

    spent_s: float = 0.0
    times: int = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent_s += time.process_time() - began
        self.times += 1

    @property
    def mean_s(self) -> float:
        return self.spent_s / self.times if self.times else 0.0


@dataclass(slots=True)
class _Stopwatches:
    decode: _Stopwatch = field(default_factory=_Stopwatch)
    convert: _Stopwatch = field(default_factory=_Stopwatch)
    detector: dict[Shape, _Stopwatch] = field(default_factory=dict)
    embedder: dict[Shape, _Stopwatch] = field(default_factory=dict)

    def costs(self) -> BareCosts:
        return BareCosts(
            decode_s=self.decode.mean_s,
            convert_s=self.convert.mean_s,
            detector_s={shape: one.mean_s for shape, one in self.detector.items()},
            embedder_s={shape: one.mean_s for shape, one in self.embedder.items()},
        )


class BareLibraries:
    """Sessions of the pack's two models, and the clip."""

    def __init__(self, pack: Pack, hardware: Hardware, clip: Path, stride: int) -> None:
        """Load the models; blocking, tenths of a second.

        Args:
            pack: The service's model pack.
            hardware: As in the settings of the service; a device that can be had.
            clip: The cameras' video.
            stride: One in so many frames is analysed.
        """
        self._detector, self._embedder = (
            bare_session(pack.read(name), hardware) for name in (DETECTOR, EMBEDDER)
        )
        self._clip = clip
        self._stride = stride
        chip = self._embedder.get_inputs()[0].shape[1:]
        generator = np.random.default_rng(1)
        self._chips = [
            generator.integers(0, 256, (size, *chip), dtype=np.uint8) for size in BUCKETS
        ]

    def measure(self, seconds: float, detector_shapes: Sequence[Shape]) -> BareCosts:
        """Go through the clip, over and over, for so long; blocking.

        Args:
            seconds: Wall time; the clip is begun once at least.
            detector_shapes: Input shapes the detector has in the service.
        """
        for chips in self._chips:
            self._embedder.run(None, {"chip": chips})
        for shape in detector_shapes:
            self._detector.run(None, {"image": np.zeros(shape, np.uint8)})
        watches = _Stopwatches(
            detector={shape: _Stopwatch() for shape in detector_shapes},
            embedder={chips.shape: _Stopwatch() for chips in self._chips},
        )
        until = time.monotonic() + seconds
        while True:
            self._go_through(watches, until)
            if time.monotonic() >= until:
                return watches.costs()

    def _go_through(self, watches: _Stopwatches, until: float) -> None:
        converter = VideoReformatter()
        with av.open(str(self._clip)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"
            stream.codec_context.thread_count = 1
            frames = container.decode(stream)
            index = 0
            while time.monotonic() < until or not watches.convert.times:
                with watches.decode.running():
                    frame = next(frames, None)
                if frame is None:
                    watches.decode.times -= 1
                    return
                if index % self._stride == 0:
                    self._analyse(frame, converter, watches)
                index += 1

    def _analyse(
        self, frame: VideoFrame, converter: VideoReformatter, watches: _Stopwatches
    ) -> None:
        with watches.convert.running():
            picture = converter.reformat(frame, format="rgb24", threads=1).to_ndarray()
        for shape, watch in watches.detector.items():
            reduced = cv2.resize(picture, (shape[2], shape[1]), interpolation=cv2.INTER_AREA)
            batch = np.ascontiguousarray(np.broadcast_to(reduced, shape))
            with watch.running():
                self._detector.run(None, {"image": batch})
        if watches.convert.times % _EMBED_EVERY == 1:
            for chips in self._chips:
                with watches.embedder[chips.shape].running():
                    self._embedder.run(None, {"chip": chips})
