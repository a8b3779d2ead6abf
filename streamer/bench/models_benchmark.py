"""Detector and embedder beside bare ONNX Runtime on the very same batches. Blocking."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from matcher.alignment import align
from matcher.face import Image
from matcher.face_detector import FaceDetector
from matcher.face_embedder import FaceEmbedder
from matcher.loading import make_detector, make_embedder
from matcher.packs.pack import Pack
from matcher.quality import assess
from matcher.session import Hardware
from streamer.bench.bare_session import bare_session
from streamer.bench.matcher_figures import MatcherFigures, Subject, matcher_figures
from streamer.bench.recording_session import RecordingSession
from streamer.bench.repetition import in_the_middle
from streamer.bench.taking_turns import Work, taking_turns
from streamer.errors import KirdiError

SIZES: Final = (1, 2, 4, 8)
_MAX_SIDE: Final = 640
_MIN_SCORE: Final = 0.5


class ModelsBenchmark:
    """A pack's two models, loaded twice: as the service has them, and bare."""

    def __init__(self, pack: Pack, hardware: Hardware, picture: Image) -> None:
        """Load them.

        Args:
            pack: An opened pack.
            hardware: For both; a device that can be had.
            picture: With a face in it at least, uint8 (h, w, 3) RGB.

        Raises:
            KirdiError: The detector finds no face in the picture.
        """
        manifest = pack.manifest
        contents = pack.read(manifest.detector.file), pack.read(manifest.embedder.file)
        self._finding, self._comparing = (
            RecordingSession.open(content, name, hardware)
            for content, name in zip(contents, ("detector", "embedder"), strict=True)
        )
        self._bare_finding, self._bare_comparing = (
            bare_session(content, hardware) for content in contents
        )
        self._detector: FaceDetector = make_detector(
            manifest.detector, self._finding, _MAX_SIDE, _MIN_SCORE
        )
        self._embedder: FaceEmbedder = make_embedder(
            manifest.embedder, self._comparing, contents[1], pack.pack_id
        )
        self._pack = pack
        self._prepared = self._detector.prepare(picture)
        (found,) = self._detector.find([self._prepared])
        faces = assess(picture, found)
        if not faces:
            raise KirdiError(f"benchmark: {pack.manifest.pack} finds no face in the sample picture")
        self._chips = [align(picture, face.landmarks, self._embedder.chip) for face in faces]

    def rows(self, seconds: float, repeat: int) -> Iterator[MatcherFigures]:
        """Measure each model at each size.

        Args:
            seconds: For one measurement.
            repeat: How many measurements make a row.
        """
        for size in SIZES:
            pictures = [self._prepared] * size
            yield self._row(
                "detector",
                size,
                lambda pictures=pictures: self._detector.find(pictures),  # type: ignore[misc]
                (seconds, repeat),
            )
        for size in SIZES:
            chips = np.stack([self._chips[i % len(self._chips)] for i in range(size)])
            yield self._row(
                "embedder",
                size,
                lambda chips=chips: self._embedder.embed(chips),  # type: ignore[misc]
                (seconds, repeat),
            )

    def _row(
        self, subject: Subject, size: int, ours: Work, extent: tuple[float, int]
    ) -> MatcherFigures:
        detecting = subject == "detector"
        bare = self._bare(detecting, ours)
        seconds, repeat = extent
        measured = [
            matcher_figures(
                subject,
                self._pack.manifest.pack,
                size,
                size,
                taking_turns(ours, bare, seconds),
                self._accuracy(subject),
            )
            for _ in range(repeat)
        ]
        return in_the_middle(measured)

    def _bare(self, detecting: bool, ours: Work) -> Callable[[], None]:
        """The same runs of the network as `ours` makes."""
        recorder = self._finding if detecting else self._comparing
        session = self._bare_finding if detecting else self._bare_comparing
        recorder.kept = []
        ours()
        given, recorder.kept = recorder.kept, None

        def run() -> None:
            for inputs in given:
                session.run(None, inputs)

        return run

    def _accuracy(self, subject: Subject) -> str:
        checks: Sequence[str] = [
            f"{check.figure} {check.value:.3g} (limit {check.limit:.3g}, {check.samples} samples)"
            for check in self._pack.manifest.quantisation
            if check.model == subject
        ]
        return "; ".join(checks)
