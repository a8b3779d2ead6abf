"""Kirdi itself under test: fused templates, fused probes, the gallery's own search."""

from collections.abc import Mapping, Sequence

from matcher.cohort import Cohort
from matcher.evaluation.protocol import PersonPhotos
from matcher.evaluation.system import Answer
from matcher.face import Embedding, fuse
from matcher.gallery import Gallery


class GallerySystem:
    """With a cohort scores are normalised, without one they are minus the distance."""

    def __init__(
        self,
        name: str,
        pack_id: str,
        people: Mapping[str, Mapping[int, Embedding]],
        cohort: Cohort | None,
    ) -> None:
        """Keep the embeddings, by person and number of the photo."""
        self.name = name
        self._pack_id = pack_id
        self._people = people
        self._cohort = cohort

    def answers(
        self, templates: Sequence[PersonPhotos], probes: Sequence[PersonPhotos]
    ) -> list[Answer]:
        """See `System`."""
        enrolled = [(name, self._fused(name, photos)) for name, photos in templates]
        gallery = Gallery(self._pack_id, enrolled, self._cohort)
        found = gallery.search([self._fused(name, photos) for name, photos in probes])
        return [
            Answer(match.owner, match.score) if match else Answer(None, float("-inf"))
            for match in found
        ]

    def _fused(self, name: str, photos: Sequence[int]) -> Embedding:
        return fuse([self._people[name][photo] for photo in photos])
