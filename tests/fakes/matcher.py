"""A matcher that finds what a test painted: no model, no picture needed."""

import weakref
from collections.abc import Sequence

import numpy as np

from matcher.face import Embedding, Face, Image, Match, Quality, Vector

PACK = "fake-1"


def face_at(
    x: float, y: float = 100.0, width: float = 60.0, *, sharpness: float = 200.0, score: float = 0.9
) -> Face:
    """A face whose box begins at x, y; landmarks well inside it."""
    landmarks = np.array(
        [[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], dtype=np.float32
    ) * width + np.array([x, y], dtype=np.float32)
    return Face((x, y, x + width, y + width), landmarks, score, Quality(width, sharpness, 50.0))


def embedding_of(person: int, noise: float = 0.0) -> Embedding:
    """People are axes of a space; two of them are 1.41 apart, noise moves one towards nobody."""
    vector = np.zeros(64, dtype=np.float32)
    vector[person] = 1.0
    vector[63] = noise
    return Embedding(vector, PACK)


class FakeMatcher:
    """Hands out scripted faces; remembers what it was asked to embed."""

    def __init__(self) -> None:
        self.faces: list[Face] = []
        self.people: list[int] = []
        self.noise = 0.0
        self.embedded: list[Face] = []
        self.alive: float | None = None
        self.asked_about: list[Face] = []
        # Weak, so that a test can see whether anybody still holds a vector.
        self.vectors: list[weakref.ref[Vector]] = []

    def show(self, *seen: tuple[Face, int]) -> None:
        """Script the next pictures: faces and who they are."""
        self.faces = [face for face, _ in seen]
        self.people = [person for _, person in seen]

    async def detect(self, image: Image) -> Sequence[Face]:
        return tuple(self.faces)

    async def embed(self, image: Image, faces: Sequence[Face]) -> Sequence[Embedding]:
        self.embedded.extend(faces)
        order = {id(face): person for face, person in zip(self.faces, self.people, strict=True)}
        embeddings = [embedding_of(order[id(face)], self.noise) for face in faces]
        self.vectors += [weakref.ref(one.vector) for one in embeddings]
        return embeddings

    async def liveness(self, image: Image, faces: Sequence[Face]) -> Sequence[float | None]:
        self.asked_about.extend(faces)
        return [self.alive] * len(faces)


class FakeGallery:
    """Nearest neighbour in plain NumPy."""

    def __init__(self, people: dict[str, int]) -> None:
        self._people = people

    def search(self, probes: Sequence[Embedding]) -> Sequence[Match | None]:
        if not self._people:
            return [None] * len(probes)
        matches: list[Match | None] = []
        for probe in probes:
            ranked = sorted(
                (float(np.linalg.norm(probe.vector - embedding_of(person).vector)), owner)
                for owner, person in self._people.items()
            )
            (distance, owner), *others = ranked
            margin = others[0][0] - distance if others else float("inf")
            runner_up = others[0][1] if others else None
            matches.append(Match(owner, distance, -distance, margin, runner_up))
        return matches
