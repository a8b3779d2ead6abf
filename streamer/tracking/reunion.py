"""Takes up a track again when the same person is back after a pause. Pure; used by the pipeline.

Geometry follows a face over a second without it. Somebody who was behind others for longer, or
whose track was cut by a crossing, begins a new track; its first embeddings tell whose it is, among
the few tracks of this camera that ended a moment ago. Nobody else is compared.
"""

from collections.abc import Mapping

import numpy as np

from matcher.face import fuse
from streamer.tracking.evidence import TrackEvidence

LOST_S = 5.0
"""For so long after its last best shot an ended track may be taken up again."""

# Fewer shots are too easily like somebody else's.
_ENOUGH = 2
# Of the distance at which a face is somebody else's: two means are nearer than face and mean.
_SAME = 0.7
# So much nearer than to any other ended track, of the same distance.
_MARGIN = 0.1


def returned(evidence: TrackEvidence, ended: Mapping[int, TrackEvidence]) -> int | None:
    """The ended track that a new one goes on with, or None where that is not certain.

    Args:
        evidence: Of the new track.
        ended: Of the tracks that have ended, by their number; any age.
    """
    if len(evidence.shots) < _ENOUGH or evidence.doubts:
        return None
    begins = min(shot.taken_at for shot in evidence.shots)
    here = fuse([shot.embedding for shot in evidence.shots]).vector
    near = sorted(
        (float(np.linalg.norm(fuse([shot.embedding for shot in one.shots]).vector - here)), number)
        for number, one in ended.items()
        if one.shots and 0.0 < begins - one.confirmed_at <= LOST_S
    )
    if not near or near[0][0] > _SAME * evidence.other_person:
        return None
    if len(near) > 1 and near[1][0] - near[0][0] < _MARGIN * evidence.other_person:
        return None
    return near[0][1]
