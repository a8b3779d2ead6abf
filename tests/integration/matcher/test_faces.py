"""The real detector and embedder on real pictures."""

from importlib import metadata
from pathlib import Path

import dlib
import numpy as np
import pytest

from matcher.alignment import CHIP_PX, align
from matcher.detector import Detector
from matcher.embedder import Embedder
from matcher.errors import MatcherError
from matcher.face import Face, Image, fuse
from matcher.gallery import Gallery
from matcher.packs.open_pack import OPEN_PACK
from matcher.packs.pack import DETECTOR, EMBEDDER, Pack
from matcher.packs.source import Source
from matcher.quality import Limits, Shortcoming, shortcoming
from matcher.session import Session
from tests import data
from tests.integration.matcher.conftest import CPU, clip_frames, read_photo

LIMITS = Limits(min_face_px=48, min_score=0.6, min_sharpness=3, border_px=4)


def chips_of(detector: Detector, image: Image) -> Image:
    (faces,) = detector.detect([image])
    return np.stack([align(image, face.landmarks) for face in faces])


def overlap(one: Face, other: Face) -> float:
    a, b = np.array(one.bbox), np.array(other.bbox)
    sides = np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]))
    common = float(np.prod(sides))
    return common / float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - common)


def test_finds_the_six_people_of_the_group_photo(detector: Detector, group_photo: Image) -> None:
    (faces,) = detector.detect([group_photo])
    assert len(faces) == 6
    for face in faces:
        x1, y1, x2, y2 = face.bbox
        assert 60 < face.quality.width_px < 200
        assert ((face.landmarks > (x1, y1)) & (face.landmarks < (x2, y2))).all()
        left, right, nose, mouth_left, mouth_right = face.landmarks
        assert left[0] < right[0]
        assert mouth_left[0] < mouth_right[0]
        assert left[1] < nose[1] < mouth_left[1]


def test_a_reduced_analysis_finds_the_same_places(pack: Pack, group_photo: Image) -> None:
    session = Session.open(pack.read(DETECTOR), "d", CPU)
    (full,) = Detector(session, max_side=1280).detect([group_photo])
    (half,) = Detector(session, max_side=640).detect([group_photo])
    assert len(full) == len(half) == 6
    for face in half:
        assert max(overlap(face, other) for other in full) > 0.7


def test_batched_is_single(pack: Pack, group_photo: Image) -> None:
    session = Session.open(pack.read(DETECTOR), "d", CPU)
    one_by_one, batched = Detector(session), Detector(session, buckets=(1, 2, 4))
    pictures = [
        group_photo,
        group_photo[:, ::-1],
        np.zeros((300, 200, 3), np.uint8),
        group_photo[::-1],
        np.ascontiguousarray(group_photo[:600]),
    ]
    singles = [one_by_one.detect([picture])[0] for picture in pictures]
    together = batched.detect(pictures)
    assert [len(faces) for faces in together] == [len(faces) for faces in singles]
    assert len(singles[0]) == len(singles[1]) == 6
    assert singles[2] == ()
    for ours, theirs in zip(together, singles, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert np.allclose(a.bbox, b.bbox, atol=0.05)
            assert np.allclose(a.landmarks, b.landmarks, atol=0.05)
            assert a.score == pytest.approx(b.score, abs=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (3, 2), (31, 33), (640, 640)])
def test_pictures_of_any_shape_without_a_face(detector: Detector, shape: tuple[int, int]) -> None:
    assert detector.detect([np.zeros((*shape, 3), np.uint8)]) == [()]


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((0, 10, 3), np.uint8),
        np.zeros((10, 10, 3), np.float32),
    ],
)
def test_what_is_no_picture_is_refused(detector: Detector, picture: Image) -> None:
    with pytest.raises(MatcherError, match="a picture must be"):
        detector.detect([picture])


def test_no_pictures_no_work(detector: Detector, embedder: Embedder) -> None:
    assert detector.detect([]) == []
    assert embedder.embed(np.zeros((0, CHIP_PX, CHIP_PX, 3), np.uint8)) == []


def test_small_faces_in_clips_are_found(detector: Detector) -> None:
    seen = 0
    for frame in clip_frames("people/book.mkv", every=12):
        faces = [
            f
            for f in detector.detect([frame])[0]
            if shortcoming(f.quality, f.score, LIMITS) is None
        ]
        assert len(faces) == 1
        assert 48 <= faces[0].quality.width_px <= 60
        seen += 1
    assert seen >= 5


def test_crowd_is_found_at_full_resolution(detector: Detector) -> None:
    counts = []
    for frame in clip_frames("crowd.mp4", every=25):
        assert frame.shape == (1080, 1920, 3)
        counts.append(len(detector.detect([frame])[0]))
    assert np.mean(counts) >= 5


def test_the_half_face_at_the_border_is_cut(detector: Detector) -> None:
    bystander = []
    for frame in clip_frames("people/bird.mkv", every=6):
        faces = detector.detect([frame])[0]
        bystander += [face for face in faces if face.bbox[0] > 500]
        assert any(shortcoming(face.quality, 1.0, LIMITS) is None for face in faces)
    assert bystander
    for face in bystander:
        assert shortcoming(face.quality, 1.0, LIMITS) is Shortcoming.CUT_BY_BORDER


def test_embeddings_are_dlibs(pack: Pack, detector: Detector, group_photo: Image) -> None:
    chips = [chips_of(detector, group_photo)]
    if (data.folder() / "faces").exists():
        photos = sorted(data.need("faces/lfw").glob("[A-C]*/*.jpg"))[:6]
        chips += [chips_of(detector, read_photo(photo))[:1] for photo in photos]
    every = np.concatenate(chips)
    weights = OPEN_PACK.ingredients[1].source
    assert isinstance(weights, Source)
    (file,) = [
        f for f in metadata.files(weights.distribution) or () if f.as_posix() == weights.path
    ]
    theirs = dlib.face_recognition_model_v1(str(Path(str(file.locate()))))
    session = Session.open(pack.read(EMBEDDER), "e", CPU)
    ours = session.run({"chip": every})["embedding"]
    for chip, vector in zip(every, ours, strict=True):
        expected = np.array(theirs.compute_face_descriptor(np.ascontiguousarray(chip)))
        assert np.abs(vector - expected).max() <= 1e-5


def test_embedding_averages_the_mirrored_chip(pack: Pack, embedder: Embedder) -> None:
    rng = np.random.default_rng(2)
    chips = rng.integers(0, 256, (3, CHIP_PX, CHIP_PX, 3), dtype=np.uint8)
    session = Session.open(pack.read(EMBEDDER), "e", CPU)
    plain = session.run({"chip": chips})["embedding"]
    mirrored = session.run({"chip": np.ascontiguousarray(chips[:, :, ::-1])})["embedding"]
    assert np.abs(plain - mirrored).max() > 1e-3
    for row, embedding in enumerate(embedder.embed(chips)):
        assert np.allclose(embedding.vector, (plain[row] + mirrored[row]) / 2, atol=1e-5)
        assert embedding.vector.dtype == np.float32
        assert embedding.pack_id == pack.pack_id


def test_embedding_many_is_embedding_each(embedder: Embedder) -> None:
    rng = np.random.default_rng(4)
    chips = rng.integers(0, 256, (11, CHIP_PX, CHIP_PX, 3), dtype=np.uint8)
    together = embedder.embed(chips)
    assert len(together) == 11
    for chip, embedding in zip(chips, together, strict=True):
        (alone,) = embedder.embed(chip[None])
        assert np.allclose(alone.vector, embedding.vector, atol=1e-5)


@pytest.mark.parametrize("shape", [(150, 150, 3), (1, 112, 112, 3), (1, 150, 150, 1)])
def test_chips_of_another_shape_are_refused(embedder: Embedder, shape: tuple[int, ...]) -> None:
    with pytest.raises(MatcherError, match="chips must be"):
        embedder.embed(np.zeros(shape, np.uint8))


def test_people_are_told_apart(detector: Detector, embedder: Embedder) -> None:
    """Two stills of one clip each; every other clip's fused faces find their own person."""
    enrolled = {"A": "again.mkv", "B": "please.mkv", "C": "school.mkv"}
    probes = {"A": "yes.mkv", "B": "thanks.mkv", "C": "walk.mkv"}

    def chips(clip: str, every: int) -> list[Image]:
        return [
            align(frame, face.landmarks)
            for frame in clip_frames(f"people/{clip}", every)
            for face in detector.detect([frame])[0]
            if shortcoming(face.quality, face.score, LIMITS) is None
        ]

    gallery = Gallery(
        "open-1",
        [
            (who, fuse(embedder.embed(np.stack(chips(clip, 24)[:2]))))
            for who, clip in enrolled.items()
        ],
    )
    for who, clip in probes.items():
        (match,) = gallery.search([fuse(embedder.embed(np.stack(chips(clip, 8))))])
        assert match is not None
        assert match.owner == who
        assert match.distance < 0.33
        assert match.margin > 0.1
