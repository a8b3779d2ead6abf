"""How alike the photos of one enrolment are to each other. Called by `patients.enrolment`.

It is what a site's calibration knows of how well its own patients are recognised.
"""

from collections.abc import Callable, Sequence

from matcher.face import Embedding, Match, fuse
from streamer.domain.photo_agreement import PhotoAgreement

Compare = Callable[[Embedding, Embedding], Match]
"""A probe with a template, scored as a search in the gallery would."""


def agreements(embeddings: Sequence[Embedding], compare: Compare) -> tuple[PhotoAgreement, ...]:
    """Compare each photo with the mean of the others; none where there is only one photo."""
    if len(embeddings) < 2:
        return ()
    matches = (
        compare(one, fuse([*embeddings[:index], *embeddings[index + 1 :]]))
        for index, one in enumerate(embeddings)
    )
    return tuple(PhotoAgreement(match.distance, match.score) for match in matches)
