"""Enrolment refuses what would be recognised badly, and says which photo and what to do."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from matcher.face import Embedding, Face, Match, Vector
from streamer.domain.actor import SERVICE, Actor
from streamer.domain.photo_agreement import PhotoAgreement
from streamer.errors import InputError
from streamer.patients.enrolment import Enrolment, EnrolmentRules
from streamer.patients.photo import Photo
from tests.fakes.matcher import FakeMatcher, face_at

NOW = datetime(2026, 11, 23, tzinfo=UTC)
RULES = EnrolmentRules(warn_face_px=100.0, same_person=0.6, alike_within=0.33)


class Store:
    def __init__(self) -> None:
        self.saved: list[tuple[str, str, Vector, str, int]] = []
        self.agreements: Sequence[PhotoAgreement] = ()
        self.asked = (0.0, False)
        self.checked: list[tuple[str, str, Actor]] = []

    async def check(self, patient_ref: str, consent_ref: str, by: Actor, now: datetime) -> None:
        self.checked.append((patient_ref, consent_ref, by))
        if consent_ref == "withdrawn":
            raise InputError(f"patient {patient_ref}: has no consent")

    async def save(
        self,
        patient_ref: str,
        consent_ref: str,
        vector: Vector,
        pack_id: str,
        photos: int,
        now: datetime,
        *,
        by: Actor,
        agreements: Sequence[PhotoAgreement] = (),
        alike_within: float = 0.0,
        anyway: bool = False,
    ) -> tuple[str, ...]:
        self.agreements = agreements
        self.asked = (alike_within, anyway)
        self.saved.append((patient_ref, consent_ref, vector, pack_id, photos))
        return ("P-7",) if anyway else ()


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

    async def embed_thoroughly(self, image: object, face: Face) -> Embedding:
        (embedding,) = await self.matcher.embed(image, [face])  # type: ignore[arg-type]
        return embedding


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
        RULES,
        store,
        compare,
    )
    done = await enrolment.enrol("P-1", photos(len(pages)), consent, NOW, by=SERVICE)
    return store, done.warnings


async def test_two_good_photos_give_their_mean() -> None:
    store, warnings = await enrol([(120.0, 0)], [(130.0, 0)])
    ((ref, consent, vector, pack, count),) = store.saved
    assert (ref, consent, pack, count) == ("P-1", "C-1", "fake-1", 2)
    assert vector.dtype == np.float32
    assert vector[0] == 1.0
    assert warnings == ()


async def test_one_picture_given_twice_is_told() -> None:
    store, album = Store(), Album([(120.0, 0)], [(120.0, 0)], [(120.0, 0)])
    enrolment = Enrolment(album, lambda face: None, RULES, store, compare)  # type: ignore[arg-type]

    # The third photo is another picture than the first two.
    noises = iter((0.1, 0.1, 0.3))

    async def same(image: object, face: Face) -> Embedding:
        album.matcher.noise = next(noises)
        (embedding,) = await album.matcher.embed(image, [face])  # type: ignore[arg-type]
        return embedding

    album.embed_thoroughly = same  # type: ignore[method-assign]
    done = await enrolment.enrol("P-1", photos(3), "C-1", NOW, by=SERVICE)
    assert "1.jpg and 2.jpg are the same picture" in done.warnings[0]
    assert done.photos == store.saved[0][4] == 2
    assert store.saved[0][2][63] == pytest.approx(0.2), "the picture counts once"


async def test_a_photo_of_somebody_else_is_left_out_and_named() -> None:
    store, warnings = await enrol([(120.0, 0)], [(120.0, 1)], [(120.0, 0)], [(120.0, 0)])
    assert store.saved[0][4] == 3
    assert store.saved[0][2][1] == 0.0
    (warning,) = warnings
    assert warning.startswith("photo 2.jpg: left out, it is unlike the others (distance 1.4")


async def test_the_store_is_told_what_too_much_alike_means() -> None:
    store, album = Store(), Album([(120.0, 0)], [(120.0, 0)])
    enrolment = Enrolment(album, lambda face: None, RULES, store, compare)  # type: ignore[arg-type]
    done = await enrolment.enrol("P-1", photos(2), "C-1", NOW, by=SERVICE, anyway=True)
    assert store.asked == (0.33, True)
    assert done.looks_like == ("P-7",)
    assert done.code_only
    store, _ = await enrol([(120.0, 0)], [(120.0, 0)])
    assert store.asked == (0.33, False)


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
        ([[(120.0, 0)], [(120.0, 1)], [(120.0, 2)]], ["different people"]),
        ([[(120.0, 0)], [(120.0, 0)], [(120.0, 1)], [(120.0, 1)]], ["different people"]),
    ],
)
async def test_what_is_refused(pages: list[list[tuple[float, int]]], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        await enrol(*pages)
    assert all(word in str(caught.value) for word in words), caught.value


async def test_without_consent_no_photo_is_looked_at() -> None:
    # There is no photo to look at: the album is empty.
    with pytest.raises(InputError, match="has no consent"):
        await enrol(consent="withdrawn")


async def test_the_consent_in_force_needs_no_name() -> None:
    store, _ = await enrol([(120.0, 0)], [(120.0, 0)], consent="  ")
    assert store.checked == [("P-1", "", SERVICE)]
    assert store.saved[0][1] == ""


async def test_each_photo_is_compared_with_the_others() -> None:
    store, _ = await enrol([(120.0, 0)], [(120.0, 0)], [(120.0, 0)])
    # Noises of 0.05, 0.10 and 0.15: each against the mean of the other two.
    assert [one.distance for one in store.agreements] == pytest.approx([0.075, 0.0, 0.075])
    assert [one.score for one in store.agreements] == pytest.approx([-0.075, 0.0, -0.075])


async def test_one_photo_agrees_with_nothing() -> None:
    store, _ = await enrol([(120.0, 0)])
    assert store.agreements == ()
