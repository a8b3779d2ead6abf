"""Makes a calibration of people's embeddings. Called by `kirdi models calibrate`; pure."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from matcher.calibration import LEAST_PEOPLE, Calibration
from matcher.cohort import Cohort
from matcher.errors import MatcherError
from matcher.face import Embedding, fuse
from matcher.gallery import Gallery
from matcher.halves import Selection
from matcher.tail import Tail

TEMPLATE_PHOTOS = 2
"""Fused into a template. The more are fused on either side, the higher strangers score."""
PROBE_PHOTOS = 3
"""Fused into a probe, as frames of a track are."""
LEAST_STRANGERS = 100
"""People with several photos, below whom the tail says too little."""


def calibrate(
    people: Mapping[str, Sequence[Embedding]],
    photos: Mapping[str, int],
    *,
    everyone: bool,
    source: str,
) -> Calibration:
    """Fit the cohort's figures, then the tail of strangers' scores against that cohort.

    Args:
        people: Name of a person to the embeddings of their usable photos, all of one pack.
        photos: Name of a person to how many photos their folder holds.
        everyone: Use all of them, and not only the development half.
        source: Whose photos, in words.

    Raises:
        MatcherError: There are too few people.
    """
    half = Selection("everyone" if everyone else "development", "single")
    usable = {name: list(vectors) for name, vectors in sorted(people.items()) if vectors}
    ours = {name: vectors for name, vectors in usable.items() if half.may_use(name)}
    if sum((name, photos[name]) in half for name in ours) < LEAST_PEOPLE:
        half = Selection(half.half, "any")
    cohort_people = [name for name in ours if (name, photos[name]) in half]
    if len(cohort_people) < LEAST_PEOPLE:
        more = "" if everyone else f" in the half they may be made of ({len(usable)} in all)"
        raise MatcherError(
            f"{len(cohort_people)} people with a usable face{more}; a calibration needs "
            f"{LEAST_PEOPLE}, so that its figures are right and nobody's"
        )
    vectors = np.array([ours[name][0].vector for name in cohort_people], np.float64)
    pack_id = ours[cohort_people[0]][0].pack_id
    mean, covariance = vectors.mean(axis=0), np.cov(vectors, rowvar=False)
    cohort = Cohort.draw(pack_id, mean, covariance)
    tail = _tail(ours, pack_id, cohort)
    return Calibration(pack_id, source, half, len(cohort_people), mean, covariance, tail)


def _tail(people: Mapping[str, list[Embedding]], pack_id: str, cohort: Cohort) -> Tail:
    """Compare the templates of people with several photos with the probes of all others of them."""
    several = {name: one for name, one in people.items() if len(one) >= TEMPLATE_PHOTOS}
    if len(several) < LEAST_STRANGERS:
        raise MatcherError(
            f"{len(several)} people with {TEMPLATE_PHOTOS} usable photos or more; a calibration "
            f"needs {LEAST_STRANGERS} of them, to compare with each other"
        )
    probing = {name: one for name, one in several.items() if len(one) >= PROBE_PHOTOS}
    if len(probing) < LEAST_STRANGERS:
        probing = several
    templates = [(name, fuse(one[:TEMPLATE_PHOTOS])) for name, one in several.items()]
    probes = [(name, fuse(one[-PROBE_PHOTOS:])) for name, one in probing.items()]
    gallery = Gallery(pack_id, templates, cohort)
    scores = gallery.scores([probe for _, probe in probes])
    names = np.array(gallery.owners)
    strangers = np.array([name for name, _ in probes])[:, None] != names[None, :]
    impostors: npt.NDArray[np.float64] = scores[strangers].astype(np.float64)
    return Tail.fit(impostors, len(several))
