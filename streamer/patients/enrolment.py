"""Enrols a consenting patient: photos in, one fused template stored. Called by the command line."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import combinations
from typing import Protocol

import numpy as np

from matcher.face import Embedding, Face, Image, Vector, fuse
from streamer.domain.photo_agreement import PhotoAgreement
from streamer.errors import InputError
from streamer.patients.agreement import Compare, agreements
from streamer.patients.enrolled import Enrolled
from streamer.patients.photo import Photo

# dlib's own threshold for "the same person" between two photos. Far too loose to recognise anyone
# among many, right for asking whether two photos of one enrolment show one person.
SAME_PERSON_DISTANCE = 0.6
# Below this two photos are one, perhaps saved twice.
SAME_PICTURE = 0.02
# A second face counts when the detector is sure of it; reflections and posters score lower.
SECOND_FACE_SCORE = 0.6

_REMEDY = {
    "too_small": "take it closer, so that the face is wider",
    "cut_by_border": "take it with the whole face in the picture",
    "blurred": "hold still and use more light",
    "turned_away": "look straight at the camera",
    "badly_lit": "take it in even light, neither dark nor against it",
    "low_score": "look straight at the camera, without mask or dark glasses",
}


class FaceMatcher(Protocol):
    """Finds faces and makes vectors of them."""

    async def detect(self, image: Image) -> Sequence[Face]:
        """All faces of a picture."""
        ...

    async def embed(self, image: Image, faces: Sequence[Face]) -> Sequence[Embedding]:
        """One embedding per face."""
        ...


class EnrolmentStore(Protocol):
    """Where consent and template go, together or not at all."""

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
        """Store both in one transaction; a former template is replaced.

        Raises:
            InputError: The patient is unknown, or may not be enrolled.
        """
        ...


class Enrolment:
    """Checks photos and stores the template they give together."""

    def __init__(
        self,
        matcher: FaceMatcher,
        shortcoming: Callable[[Face], str | None],
        warn_face_px: float,
        store: EnrolmentStore,
        compare: Compare,
    ) -> None:
        """Keep the collaborators; `shortcoming` is the same gate the cameras use."""
        self._compare = compare
        self._matcher = matcher
        self._shortcoming = shortcoming
        self._warn_face_px = warn_face_px
        self._store = store

    async def enrol(
        self, patient_ref: str, photos: Sequence[Photo], consent_ref: str, now: datetime
    ) -> Enrolled:
        """Enrol from one photo or, better, several.

        Raises:
            InputError: No consent, or photos that cannot be used; every such photo is named.
        """
        if not consent_ref.strip():
            raise InputError(
                f"patient {patient_ref}: no consent; name the signed document by --consent-ref"
            )
        if not photos:
            raise InputError(f"patient {patient_ref}: no photo; give two or more")
        faults: list[str] = []
        warnings: list[str] = []
        embeddings: list[Embedding] = []
        for photo in photos:
            face = await self._one_face(photo, faults, warnings)
            if face is not None:
                embeddings += await self._matcher.embed(photo.image, [face])
        if faults:
            raise InputError(f"patient {patient_ref}: " + "; ".join(faults))
        _check_one_person(patient_ref, photos, embeddings)
        for one, other in _same_pictures(photos, embeddings):
            warnings.append(f"photos {one} and {other} are the same picture: it counts once")
        if len(photos) == 1:
            warnings.append("one photo only; two or more are recognised far better")
        fused = fuse(embeddings)
        await self._store.save(
            patient_ref,
            consent_ref.strip(),
            fused.vector,
            fused.pack_id,
            len(photos),
            now,
            agreements=agreements(embeddings, self._compare),
        )
        return Enrolled(patient_ref, len(photos), tuple(warnings))

    async def _one_face(self, photo: Photo, faults: list[str], warnings: list[str]) -> Face | None:
        faces = [
            face
            for face in await self._matcher.detect(photo.image)
            if face.score >= SECOND_FACE_SCORE
        ]
        if not faces:
            faults.append(f"photo {photo.name}: no face found; {_REMEDY['low_score']}")
            return None
        if len(faces) > 1:
            faults.append(f"photo {photo.name}: {len(faces)} faces; cut it to the patient alone")
            return None
        (face,) = faces
        reason = self._shortcoming(face)
        if reason is not None:
            word = reason.replace("_", " ")
            faults.append(f"photo {photo.name}: face {word}; {_REMEDY[reason]}")
            return None
        if face.quality.width_px < self._warn_face_px:
            warnings.append(
                f"photo {photo.name}: the face is only {face.quality.width_px:.0f} pixels wide; "
                f"{self._warn_face_px:.0f} or more are recognised better"
            )
        return face


def _same_pictures(
    photos: Sequence[Photo], embeddings: Sequence[Embedding]
) -> list[tuple[str, str]]:
    """Pairs of photos whose faces are alike to the last digits, which two pictures never are."""
    return [
        (photos[first].name, photos[second].name)
        for first, second in combinations(range(len(photos)), 2)
        if np.linalg.norm(embeddings[first].vector - embeddings[second].vector) < SAME_PICTURE
    ]


def _check_one_person(
    patient_ref: str, photos: Sequence[Photo], embeddings: Sequence[Embedding]
) -> None:
    """Refuse photos of different people.

    Raises:
        InputError: Names the two that differ most.
    """
    worst, names = 0.0, ("", "")
    for index, one in enumerate(embeddings):
        for other in range(index):
            distance = float(np.linalg.norm(one.vector - embeddings[other].vector))
            if distance > worst:
                worst, names = distance, (photos[other].name, photos[index].name)
    if worst > SAME_PERSON_DISTANCE:
        raise InputError(
            f"patient {patient_ref}: photos {names[0]} and {names[1]} seem to show different "
            "people; leave one out"
        )
