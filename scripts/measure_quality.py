"""Measures what the quality gates stop, what the figure is worth, and what enrolment rests on.

    .venv/bin/python scripts/measure_quality.py FOLDER [--half 0|1] [--home FOLDER]

FOLDER holds NAME/*.jpg, as LFW does. Of the people only one half is looked at: 0 is the one that
choices were made on, 1 the one they were not. docs/design/0010 quotes what this prints.
"""

import argparse
import hashlib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from config.settings import Quality as Settings
from matcher.alignment import align
from matcher.detection import Detection
from matcher.face import Embedding, Face, Image
from matcher.face_embedder import FaceEmbedder
from matcher.loading import open_models
from matcher.packs.store import open_pack
from matcher.quality import assess
from matcher.session import Hardware
from matcher.varied import varied
from streamer.patients.outliers import trim
from streamer.patients.photo import read_photo
from streamer.recognition import face_gate

SAME_PERSON, ALIKE = 0.6, 0.33


@dataclass(frozen=True)
class Shot:
    """One photo of somebody."""

    person: str
    face: Face
    vector: np.ndarray
    crops: np.ndarray


def main() -> None:
    """Look at every photo once, as it is and made worse, then print the tables."""
    parser = argparse.ArgumentParser(description="Measures face quality and enrolment.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1), default=0)
    parser.add_argument("--home", type=Path, default=None)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as throwaway:
        pack = open_pack((given.home or Path(throwaway)) / "models")
        models = open_models(pack, Hardware("cpu", 1))
        people = [one for one in sorted(given.folder.iterdir()) if one.is_dir()]
        chosen = [one for one in people if _half(one.name) == given.half]
        found = [
            (person.name, photo, image, faces[0])
            for person in chosen
            for photo in sorted(person.glob("*.jpg"))
            for image in [read_photo(photo).image]
            if (faces := _middle_first(models.detector.detect([image])[0], image))
        ]
        worsened = [
            _worsened(image, face, index) for index, (_, _, image, face) in enumerate(found)
        ]
        plain = _shots(found, [(image, face) for _, _, image, face in found], models.embedder, True)
        worse = _shots(found, worsened, models.embedder, False)
    say(f"half {given.half}: {len(chosen)} people, {len(plain)} photos")
    gates("photos as they are", plain)
    rejecting("photos as they are", plain, plain)
    gates("every photo made worse at random", worse)
    rejecting("one of each pair made worse", plain, worse)
    crops(plain)
    templates(plain)
    trimming(plain)


def say(*words: str, end: str = "\n") -> None:
    """Print."""
    sys.stdout.write(" ".join(words) + end)
    sys.stdout.flush()


def _half(name: str) -> int:
    return hashlib.sha256(name.encode()).digest()[0] % 2


def _middle_first(faces: Sequence[Face], image: Image) -> list[Face]:
    """The person a photo is named for stands in its middle."""
    middle = np.array(image.shape[1::-1]) / 2
    return sorted(faces, key=lambda face: float(np.linalg.norm(face.landmarks.mean(0) - middle)))


def _worsened(image: Image, face: Face, seed: int) -> tuple[Image, Face]:
    """The photo smaller, blurred, darker or brighter, by a random amount."""
    random = np.random.default_rng(seed)
    kind, amount = random.integers(4), random.random()
    box, landmarks = np.array(face.bbox), face.landmarks
    if kind == 0:
        scale = (16 + 64 * amount) / face.quality.width_px
        side = max(32, round(image.shape[0] * scale))
        scale = side / image.shape[0]
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        box, landmarks = box * scale, ((landmarks + 0.5) * scale - 0.5).astype(np.float32)
    elif kind == 1:
        image = cv2.GaussianBlur(image, (0, 0), 0.5 + 4 * amount)
    else:
        gain = 0.05 + 0.5 * amount if kind == 2 else 1.2 + 2 * amount
        image = np.clip(image.astype(np.float32) * gain, 0, 255).astype(np.uint8)
    x1, y1, x2, y2 = (float(one) for one in box)
    (again,) = assess(image, [Detection((x1, y1, x2, y2), landmarks, face.score)])
    return image, again


def _shots(
    found: Sequence[tuple[str, Path, Image, Face]],
    shown: Sequence[tuple[Image, Face]],
    embedder: FaceEmbedder,
    thorough: bool,
) -> list[Shot]:
    shots = []
    for (person, *_), (image, face) in zip(found, shown, strict=True):
        marks = varied(face.landmarks) if thorough else [face.landmarks]
        chips = np.stack([align(image, points, embedder.chip) for points in marks])
        vectors = np.stack([one.vector for one in embedder.embed(chips)])
        shots.append(Shot(person, face, vectors[0], vectors.mean(axis=0)))
    return shots


def _pairs(one: Sequence[Shot], other: Sequence[Shot]) -> tuple[np.ndarray, ...]:
    """Indices of all pairs, their distances, and which are of one person."""
    first, second = np.triu_indices(len(one), 1)
    a, b = np.stack([shot.vector for shot in one]), np.stack([shot.vector for shot in other])
    apart = np.sqrt(np.maximum(((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T), 0))
    names = np.array([shot.person for shot in one])
    return first, second, apart[first, second], names[first] == names[second]


def gates(title: str, shots: Sequence[Shot]) -> None:
    """Which share each gate stops, and the errors with and without what it stops."""
    gate = face_gate(Settings())
    stopped = Counter(str(gate(shot.face) or "passes") for shot in shots)
    say(f"\nGates, {title}:")
    for reason, count in stopped.most_common():
        say(f"  {reason:14s} {100 * count / len(shots):5.1f} %")
    first, second, apart, same = _pairs(shots, shots)
    limit = np.quantile(apart[~same], 1e-3)
    passes = np.array([gate(shot.face) is None for shot in shots])
    both = passes[first] & passes[second]
    say(f"  FNMR at FMR 0.1 %: {np.mean(apart[same] > limit):.3f} of all pairs, ", end="")
    say(f"{np.mean(apart[same & both] > limit):.3f} where both pass", end="")
    rest = same & ~both
    say(f", {np.mean(apart[rest] > limit):.3f} of the others ({rest.sum()})" if rest.any() else "")


def rejecting(title: str, one: Sequence[Shot], other: Sequence[Shot]) -> None:
    """Error versus reject: FNMR once the worst pairs by a figure are left out."""
    first, second, apart, same = _pairs(one, other)
    limit = np.quantile(apart[~same], 1e-3)
    say(f"\nFNMR at FMR 0.1 %, {title}, without the worst 0, 5, 10, 20, 30 % by:")
    ways: dict[str, Callable[[Face], float]] = {
        "quality figure": lambda face: face.quality.figure,
        "width and sharpness": lambda face: (
            min(face.quality.width_px, 150) / 150 + 0.5 * min(face.quality.sharpness, 500) / 500
        ),
        "width": lambda face: face.quality.width_px,
        "sharpness": lambda face: face.quality.sharpness,
        "detector score": lambda face: face.score,
        "pose": lambda face: -max(abs(face.quality.yaw), abs(face.quality.pitch)),
    }
    for name, way in ways.items():
        worth = np.minimum(
            np.array([way(shot.face) for shot in one])[first[same]],
            np.array([way(shot.face) for shot in other])[second[same]],
        )
        ordered = apart[same][np.argsort(worth, kind="stable")]
        shares = [
            np.mean(ordered[int(drop * len(ordered)) :] > limit)
            for drop in (0, 0.05, 0.1, 0.2, 0.3)
        ]
        say(f"  {name:20s}", *(f"{share:.3f}" for share in shares))


def _by_person(shots: Sequence[Shot]) -> dict[str, list[Shot]]:
    people: dict[str, list[Shot]] = {}
    for shot in shots:
        people.setdefault(shot.person, []).append(shot)
    return people


def crops(shots: Sequence[Shot], splits: int = 20) -> None:
    """FNIR by how templates are made: people enrolled from K photos, one probe of one crop."""
    people = list(_by_person(shots).values())
    ways: dict[str, Callable[[list[Shot]], np.ndarray]] = {
        "one crop": lambda photos: np.mean([shot.vector for shot in photos], axis=0),
        "seven crops": lambda photos: np.mean([shot.crops for shot in photos], axis=0),
        "weighted by quality": lambda photos: np.average(
            [shot.vector for shot in photos],
            axis=0,
            weights=[shot.face.quality.figure for shot in photos],
        ),
    }
    say(f"\nMean FNIR at FPIR 0.3, 1, 3 % over {splits} splits, 150 enrolled, plain distance:")
    for count in (1, 2):
        for name, way in ways.items():
            rates = [
                _fnir(people, count, way, np.random.default_rng(seed)) for seed in range(splits)
            ]
            figures = " ".join(f"{rate:.3f}" for rate in np.mean(rates, axis=0))
            say(f"  {count} photos, {name:20s} {figures}")


def _fnir(
    people: Sequence[list[Shot]],
    count: int,
    way: Callable[[list[Shot]], np.ndarray],
    random: np.random.Generator,
) -> list[float]:
    order = random.permutation(len(people))
    enrolled = [people[at] for at in order if len(people[at]) > count][:150]
    known = {photos[0].person for photos in enrolled}
    templates = np.stack([way(photos[:count]) for photos in enrolled])
    mated = np.stack([photos[count].vector for photos in enrolled])
    others = np.stack([photos[0].vector for photos in people if photos[0].person not in known])
    apart = np.linalg.norm(mated[:, None] - templates[None], axis=2)
    nearest = np.linalg.norm(others[:, None] - templates[None], axis=2).min(axis=1)
    right = apart.argmin(axis=1) == np.arange(len(enrolled))
    limits = np.quantile(nearest, (0.003, 0.01, 0.03))
    return [1 - float(np.mean(right & (apart.min(axis=1) < limit))) for limit in limits]


def templates(shots: Sequence[Shot]) -> None:
    """Distances of templates of two photos: one person enrolled twice, and different people."""
    people = [photos for photos in _by_person(shots).values() if len(photos) >= 2]
    fused = np.stack([np.mean([shot.crops for shot in photos[:2]], axis=0) for photos in people])
    apart = np.linalg.norm(fused[:, None] - fused[None], axis=2)[np.triu_indices(len(fused), 1)]
    twice = np.array(
        [
            np.linalg.norm(
                np.mean([shot.crops for shot in photos[:2]], axis=0)
                - np.mean([shot.crops for shot in photos[2:4]], axis=0)
            )
            for photos in people
            if len(photos) >= 4
        ]
    )
    say(f"\nTemplates of two photos: {len(twice)} people enrolled twice, {len(apart)} other pairs")
    for limit in (0.28, 0.30, ALIKE, 0.36, 0.40):
        say(f"  nearer than {limit:.2f}: {np.mean(twice < limit):.2f} of the first, ", end="")
        say(f"{(apart < limit).sum()} of the others")


def trimming(shots: Sequence[Shot]) -> None:
    """How often a photo of somebody else is left out, and one of the same person by mistake."""
    people = list(_by_person(shots).values())
    say("\nPhotos left out of an enrolment of N: of a set of one person's, of a set with another's")
    for count in (3, 4, 5):
        clean = [_left_out(photos[:count]) for photos in people if len(photos) >= count]
        mixed = [
            _left_out([*photos[: count - 1], people[(index + 7) % len(people)][0]])
            for index, photos in enumerate(people)
            if len(photos) >= count - 1
        ]
        right = np.mean([out == {count - 1} for out in mixed])
        wrong = np.mean([bool(out - {count - 1}) for out in mixed])
        say(f"  {count}: {np.mean([bool(out) for out in clean]):.3f} of {len(clean)}; ", end="")
        say(f"the other's {right:.3f}, a wrong one {wrong:.3f} of {len(mixed)}")


def _left_out(photos: Sequence[Shot]) -> set[int]:
    embeddings = [Embedding(shot.crops, "pack") for shot in photos]
    agreed = trim(embeddings, lambda a, b: float(np.linalg.norm(a.vector - b.vector)), SAME_PERSON)
    return {one.index for one in agreed.outliers}


if __name__ == "__main__":
    main()
