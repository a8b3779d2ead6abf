"""Enrols a consenting patient: photos in, one fused template stored. Called by the command line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np

from matcher.face import Embedding, Face, Image, Vector, fuse
from streamer.domain.actor import Actor
from streamer.domain.photo_agreement import PhotoAgreement
from streamer.errors import InputError
from streamer.patients.advice import Advice, advise
from streamer.patients.agreement import Compare, agreements
from streamer.patients.enrolled import Enrolled
from streamer.patients.outliers import trim
from streamer.patients.photo import Photo

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

    async def embed_thoroughly(self, image: Image, face: Face) -> Embedding:
        """The embedding of a face, with more care than at a camera."""
        ...


@dataclass(frozen=True, slots=True)
class EnrolmentRules:
    """What an enrolment holds to; distances are on the pack's scale.

    Attributes:
        warn_face_px: A narrower face warns.
        same_person: Photos farther apart show different people.
        alike_within: Two patients whose templates lie nearer can't be told apart.
    """

    warn_face_px: float
    same_person: float
    alike_within: float


class EnrolmentStore(Protocol):
    """Where templates go, each upon a consent in force."""

    async def check(self, patient_ref: str, consent_ref: str, by: Actor, now: datetime) -> None:
        """Raise InputError where the patient may not be enrolled; writes nothing."""
        ...

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
        """Store it in one transaction; a former template is replaced.

        Returns:
            References of other patients nearer than `alike_within`.

        Raises:
            InputError: The patient is unknown, may not be enrolled, or is too much like somebody
                else and `anyway` is not set.
        """
        ...


class Enrolment:
    """Checks photos and stores the template they give together."""

    def __init__(
        self,
        matcher: FaceMatcher,
        shortcoming: Callable[[Face], str | None],
        rules: EnrolmentRules,
        store: EnrolmentStore,
        compare: Compare,
    ) -> None:
        """Keep the collaborators; `shortcoming` is the same gate the cameras use."""
        self._compare = compare
        self._matcher = matcher
        self._shortcoming = shortcoming
        self._rules = rules
        self._store = store

    async def enrol(
        self,
        patient_ref: str,
        photos: Sequence[Photo],
        consent_ref: str,
        now: datetime,
        *,
        by: Actor,
        anyway: bool = False,
    ) -> Enrolled:
        """Enrol from one photo or, better, several.

        Args:
            patient_ref: The clinic's reference.
            photos: Of the patient alone.
            consent_ref: The document of the consent in force; empty = whichever it is.
            now: Aware.
            by: Who enrols.
            anyway: Although another patient is too much alike; see `EnrolmentStore.save`.

        Raises:
            InputError: No consent, or photos that cannot be used; every such photo is named. Or
                the face may already be enrolled under another reference.
        """
        consent_ref = consent_ref.strip()
        await self._store.check(patient_ref, consent_ref, by, now)
        if not photos:
            raise InputError(f"patient {patient_ref}: no photo; give two or more")
        faults: list[str] = []
        warnings: list[str] = []
        embeddings: list[Embedding] = []
        for photo in photos:
            face = await self._one_face(photo, faults, warnings)
            if face is not None:
                embeddings.append(await self._matcher.embed_thoroughly(photo.image, face))
        if faults:
            raise InputError(f"patient {patient_ref}: " + "; ".join(faults), code="photo_unfit")
        used = self._agreeing(patient_ref, photos, embeddings, warnings)
        if len(used) == 1:
            warnings.append("one photo only; two or more are recognised far better")
        fused = fuse(used)
        alike = await self._store.save(
            patient_ref,
            consent_ref,
            fused.vector,
            fused.pack_id,
            len(used),
            now,
            by=by,
            agreements=agreements(used, self._compare),
            alike_within=self._rules.alike_within,
            anyway=anyway,
        )
        return Enrolled(patient_ref, len(used), tuple(warnings), alike)

    async def advise(self, photo: Photo) -> Advice:
        """Say what could be better about one picture; nothing is kept of it."""
        faces = await self._matcher.detect(photo.image)
        height, width = photo.image.shape[:2]
        return advise(faces, (width, height), self._shortcoming, self._rules.warn_face_px)

    def _agreeing(
        self,
        patient_ref: str,
        photos: Sequence[Photo],
        embeddings: Sequence[Embedding],
        warnings: list[str],
    ) -> list[Embedding]:
        """Those of the photos that show one person, each picture once.

        Raises:
            InputError: They show different people, and no majority says whom.
        """
        once = _each_picture_once(photos, embeddings, warnings)
        photos = [photos[index] for index in once]
        embeddings = [embeddings[index] for index in once]
        agreed = trim(
            embeddings,
            lambda one, other: self._compare(one, other).distance,
            self._rules.same_person,
        )
        if agreed.apart is not None:
            one, other = (photos[index].name for index in agreed.apart)
            raise InputError(
                f"patient {patient_ref}: photos {one} and {other} seem to show different people; "
                "leave one out",
                code="photos_differ",
            )
        warnings += [
            f"photo {photos[left.index].name}: left out, it is unlike the others (distance "
            f"{left.distance:.2f}, theirs {left.usual:.2f}); is it of the same person?"
            for left in agreed.outliers
        ]
        return [embeddings[index] for index in agreed.kept]

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
        if face.quality.width_px < self._rules.warn_face_px:
            warnings.append(
                f"photo {photo.name}: the face is only {face.quality.width_px:.0f} pixels wide; "
                f"{self._rules.warn_face_px:.0f} or more are recognised better"
            )
        return face


def _each_picture_once(
    photos: Sequence[Photo], embeddings: Sequence[Embedding], warnings: list[str]
) -> list[int]:
    """Which photos are pictures of their own: two are never alike to the last digits."""
    once: list[int] = []
    for index, embedding in enumerate(embeddings):
        for former in once:
            if np.linalg.norm(embedding.vector - embeddings[former].vector) < SAME_PICTURE:
                warnings.append(
                    f"photos {photos[former].name} and {photos[index].name} are the same picture: "
                    "it counts once"
                )
                break
        else:
            once.append(index)
    return once
