"""Enrolment refuses what would be recognised badly, and says which photo and what to do."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from matcher.face import Embedding, Match, Vector
from streamer.domain.photo_agreement import PhotoAgreement
from streamer.errors import InputError
from streamer.patients.enrolment import Enrolment
from streamer.patients.photo import Photo
from tests.fakes.matcher import FakeMatcher, face_at

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class Store:
    def __init__(self) -> None:
        self.saved: list[tuple[str, str, Vector, str, int]] = []
        self.agreements: Sequence[PhotoAgreement] = ()

    async def save(
        self,
        patient_ref: str,
        consent_ref: str,
        vector: Vector,
        pack_id: str,
        photos: int,
        now: datetime,
        *,
        agreements: Sequence[PhotoAgreement] = (),
    ) -> None:
        self.agreements = agreements
        self.saved.append((patient_ref, consent_ref, vector, pack_id, photos))


class Album:
    """A matcher that shows the next scripted photo each time it is asked."""

    def __init__(self, *pages: list[tuple[float, int]]) -> None:
        self.matcher = FakeMatcher()
        self._pages = iter(pages)

    async def detect(self, image: object) -> object:
        # No two pictures give the same vector to the last digit.
        self.matcher.noise += 0.05
        self.matcher.show(*((face_at(10.0, width=width), who) for width, who in next(self._pages)))
        return self.matcher.faces

    async def embed(self, image: object, faces: object) -> object:
        return await self.matcher.embed(image, faces)  # type: ignore[arg-type]


def photos(count: int) -> list[Photo]:
    blank = np.zeros((200, 200, 3), dtype=np.uint8)
    return [Photo(f"{index}.jpg", blank) for index in range(1, count + 1)]


def compare(probe: Embedding, template: Embedding) -> Match:
    distance = float(np.linalg.norm(probe.vector - template.vector))
    return Match("", distance, -distance, float("inf"), None)


async def enrol(
    *pages: list[tuple[float, int]], consent: str = "C-1"
) -> tuple[Store, tuple[str, ...]]:
    store = Store()
    enrolment = Enrolment(
        Album(*pages),  # type: ignore[arg-type]
        lambda face: "too_small" if face.quality.width_px < 48 else None,
        100.0,
        store,
        compare,
    )
    done = await enrolment.enrol("P-1", photos(len(pages)), consent, NOW)
    return store, done.warnings


async def test_two_good_photos_give_their_mean() -> None:
    store, warnings = await enrol([(120.0, 0)], [(130.0, 0)])
    ((ref, consent, vector, pack, count),) = store.saved
    assert (ref, consent, pack, count) == ("P-1", "C-1", "fake-1", 2)
    assert vector.dtype == np.float32
    assert vector[0] == 1.0
    assert warnings == ()


async def test_one_picture_given_twice_is_told() -> None:
    store, album = Store(), Album([(120.0, 0)], [(120.0, 0)])
    enrolment = Enrolment(album, lambda face: None, 100.0, store, compare)  # type: ignore[arg-type]
    blank = photos(2)

    async def same(image: object, faces: object) -> object:
        album.matcher.noise = 0.1
        return await album.matcher.embed(image, faces)  # type: ignore[arg-type]

    album.embed = same  # type: ignore[method-assign]
    done = await enrolment.enrol("P-1", blank, "C-1", NOW)
    assert "1.jpg and 2.jpg are the same picture" in done.warnings[0]


async def test_small_and_single_are_warned_of() -> None:
    _, warnings = await enrol([(60.0, 0)])
    assert "1.jpg" in warnings[0]
    assert "60 pixels" in warnings[0]
    assert "one photo only" in warnings[1]


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([[]], ["1.jpg", "no face"]),
        ([[(120.0, 0), (80.0, 1)]], ["1.jpg", "2 faces"]),
        ([[(40.0, 0)]], ["1.jpg", "too small", "closer"]),
        ([[(120.0, 0)], [(40.0, 0)], []], ["2.jpg", "too small", "3.jpg", "no face"]),
        ([[(120.0, 0)], [(120.0, 1)]], ["1.jpg", "2.jpg", "different people"]),
    ],
)
async def test_what_is_refused(pages: list[list[tuple[float, int]]], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        await enrol(*pages)
    assert all(word in str(caught.value) for word in words), caught.value


async def test_without_consent_nobody_is_enrolled() -> None:
    with pytest.raises(InputError, match="--consent-ref"):
        await enrol([(120.0, 0)], consent="  ")


async def test_each_photo_is_compared_with_the_others() -> None:
    store, _ = await enrol([(120.0, 0)], [(120.0, 0)], [(120.0, 0)])
    # Noises of 0.05, 0.10 and 0.15: each against the mean of the other two.
    assert [one.distance for one in store.agreements] == pytest.approx([0.075, 0.0, 0.075])
    assert [one.score for one in store.agreements] == pytest.approx([-0.075, 0.0, -0.075])


async def test_one_photo_agrees_with_nothing() -> None:
    store, _ = await enrol([(120.0, 0)])
    assert store.agreements == ()
