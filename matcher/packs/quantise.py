"""`kirdi models build --int8`: a pack's models in int8, kept only where they still do their job.

Each must pass its check, and be faster on the machine that it was made on.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from matcher.alignment import align
from matcher.errors import ModelPackError
from matcher.face import Image
from matcher.face_detector import FaceDetector
from matcher.face_embedder import FaceEmbedder
from matcher.loading import make_detector, make_embedder
from matcher.packs.folder import place
from matcher.packs.int8 import to_int8
from matcher.packs.int8_check import SURE_SCORE, check_detections, check_vectors
from matcher.packs.manifest import Manifest
from matcher.packs.pack import Pack
from matcher.packs.quantisation import QuantisationCheck
from matcher.packs.store import pack_lock
from matcher.session import Hardware, Session

SUFFIX = "-int8"
LEAST_FACES = 8
"""Calibrated on fewer faces, ranges would be theirs rather than people's."""

LEAST_FACES_TO_MIX = 100
"""On fewer, distances of people unlike them may have moved farther than the check saw."""

_MAX_SIDE = 640
_MIN_SCORE = 0.5
_MOST_PICTURES = 200
_TIMED_RUNS = 5


@dataclass(frozen=True, slots=True)
class Quantised:
    """What came of it.

    Attributes:
        pack: With the quantised models that passed, and the others as they were; None if none did.
        checks: Every figure, of the models that did not pass, too.
        speedup: Time of the original over the quantised model's on this machine, by model.
    """

    pack: Pack | None
    checks: tuple[QuantisationCheck, ...]
    speedup: dict[Literal["detector", "embedder"], float]


def quantise_pack(models_dir: Path, pack: Pack, photos: Sequence[Image], threads: int) -> Quantised:
    """Quantise both models on half of the photos, and compare them on the other half; minutes.

    Faces are held in memory only. The new pack is called like the old one with `-int8`. Its
    vectors are compared with the old pack's only where mixed distances passed the check too, on
    `LEAST_FACES_TO_MIX` faces or more.

    Args:
        models_dir: Where packs lie.
        pack: What to quantise.
        photos: Of people, uint8 (h, w, 3) RGB; two or more.
        threads: CPU threads; 0 takes them from the machine.

    Raises:
        ModelPackError: The models cannot be quantised, or the photos show too few faces.
    """
    manifest = pack.manifest
    if manifest.detector.kind == "scrfd" or manifest.quantisation:
        raise ModelPackError(
            f"model pack {manifest.pack}: it cannot be quantised (again); open, opencv and taguchi "
            "can, and packs of one's own"
        )
    work = _Work(pack, Hardware("cpu", threads), photos[:_MOST_PICTURES])
    detector, detecting = work.detector()
    embedder, embedding = work.embedder()
    checks = (*detecting, *embedding)
    speedup = {**work.speedup}
    kept = {
        manifest.detector.file: _passed(detecting) and speedup["detector"] > 1,
        manifest.embedder.file: _passed(embedding[:1]) and speedup["embedder"] > 1,
    }
    if not any(kept.values()):
        return Quantised(None, checks, speedup)
    mixes = _passed(embedding) and work.faces_checked >= LEAST_FACES_TO_MIX
    new = _described(manifest, kept, checks, mixes)
    contents = {manifest.detector.file: detector, manifest.embedder.file: embedder}
    with pack_lock(models_dir, new.pack):
        files = (
            (one.name, contents[one.name] if kept.get(one.name) else pack.read(one.name))
            for one in manifest.files
        )
        made = place(models_dir, new.pack, files, lambda entries: replace(new, files=entries))
    return Quantised(made, checks, speedup)


def _described(
    manifest: Manifest,
    kept: dict[str, bool],
    checks: tuple[QuantisationCheck, ...],
    interchangeable: bool,
) -> Manifest:
    detector = replace(
        manifest.detector, precision="int8" if kept[manifest.detector.file] else "fp32"
    )
    embedder = replace(
        manifest.embedder, precision="int8" if kept[manifest.embedder.file] else "fp32"
    )
    comparable = embedder.precision == "fp32" or interchangeable
    return replace(
        manifest,
        pack=manifest.pack + SUFFIX,
        pack_id=manifest.pack_id if comparable else manifest.pack_id + SUFFIX,
        detector=detector,
        embedder=embedder,
        quantisation=checks,
    )


def _passed(checks: Sequence[QuantisationCheck]) -> bool:
    return all(check.passed for check in checks)


class _Work:
    """The originals, the photos, and what is compared."""

    def __init__(self, pack: Pack, hardware: Hardware, photos: Sequence[Image]) -> None:
        self._pack = pack
        self._manifest = pack.manifest
        self._hardware = hardware
        self.speedup: dict[Literal["detector", "embedder"], float] = {}
        self._detector = self._make_detector(pack.read(self._manifest.detector.file))
        self._prepared = [self._detector.prepare(photo) for photo in photos]
        self._found = [self._detector.find([one])[0] for one in self._prepared]
        self._chips = [
            align(photo, face.landmarks, self._manifest.embedder.chip)
            for photo, faces in zip(photos, self._found, strict=True)
            for face in faces
            if face.score >= SURE_SCORE
        ]
        if len(photos) < 2 or len(self._chips) < 2 * LEAST_FACES:
            raise ModelPackError(
                f"the photos show {len(self._chips)} faces; {2 * LEAST_FACES} are needed, in two "
                "photos or more: half to set the ranges, half to check"
            )

    @property
    def faces_checked(self) -> int:
        """How many faces the embedder is checked on, those it was calibrated on apart."""
        return len(self._chips) - len(self._chips) // 2

    def detector(self) -> tuple[bytes, tuple[QuantisationCheck, ...]]:
        """The quantised detector, and how it compares."""
        file = self._manifest.detector.file
        content = to_int8(
            self._pack.read(file),
            file,
            [one.pixels[None] for one in self._prepared[::2]],
            positions=True,
        )
        quantised = self._make_detector(content)
        checked = self._prepared[1::2]
        found = [quantised.find([one])[0] for one in checked]
        self.speedup["detector"] = _speedup(
            lambda: self._detector.find(checked[:1]), lambda: quantised.find(checked[:1])
        )
        return content, check_detections(self._found[1::2], found)

    def embedder(self) -> tuple[bytes, tuple[QuantisationCheck, ...]]:
        """The quantised embedder, and how it compares."""
        file = self._manifest.embedder.file
        half = len(self._chips) // 2
        original = self._pack.read(file)
        varied = [chip[None] for one in self._chips[:half] for chip in _varied(one)]
        content = to_int8(original, file, varied)
        before, after = self._make_embedder(original), self._make_embedder(content)
        checked = np.stack([chip for one in self._chips[half:] for chip in _varied(one)])
        batch = checked[: before.max_batch]
        self.speedup["embedder"] = _speedup(lambda: before.embed(batch), lambda: after.embed(batch))
        return content, check_vectors(
            np.stack([one.vector for one in before.embed(checked)]),
            np.stack([one.vector for one in after.embed(checked)]),
            self._manifest.scores.min_margin,
        )

    def _make_detector(self, content: bytes) -> FaceDetector:
        model = self._manifest.detector
        session = Session.open(content, model.file, self._hardware)
        return make_detector(model, session, _MAX_SIDE, _MIN_SCORE)

    def _make_embedder(self, content: bytes) -> FaceEmbedder:
        model = self._manifest.embedder
        session = Session.open(content, model.file, self._hardware)
        return make_embedder(model, session, content, self._manifest.pack_id)


def _varied(chip: Image) -> list[Image]:
    """The chip, darker, brighter and blurred: what cameras make of a face."""
    blurred = cv2.GaussianBlur(chip, (0, 0), 2.0)
    return [
        chip,
        np.asarray(cv2.convertScaleAbs(chip, alpha=0.6), np.uint8),
        np.asarray(cv2.convertScaleAbs(chip, alpha=1.3, beta=10), np.uint8),
        np.asarray(blurred, np.uint8),
    ]


def _speedup(original: Callable[[], object], quantised: Callable[[], object]) -> float:
    """Best time of the one over best time of the other, run in turns."""
    best = [float("inf"), float("inf")]
    for _ in range(_TIMED_RUNS):
        for index, run in enumerate((original, quantised)):
            begun = time.perf_counter()
            run()
            best[index] = min(best[index], time.perf_counter() - begun)
    return best[0] / best[1]
