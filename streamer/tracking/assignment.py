"""One identity per track and one track per identity within a frame. Pure."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from streamer.domain.identity import Band
from streamer.tracking.voting import Vote


def assign(votes: Mapping[int, Vote]) -> dict[int, Vote]:
    """Settle who is who among the tracks of one frame.

    Nobody stands in a picture twice. Of all ways to give each track one of those who come into
    question for it, or nobody, the one with the greatest sum of scores above each track's floor is
    taken (linear sum assignment), so that two siblings side by side get a name each. A track whose
    likeliest person is another track's is never accepted: if somebody else comes into question for
    it a person has to look, else it gets no name at all.

    Args:
        votes: By track id, of the tracks seen in one frame.
    """
    tracks = sorted(votes)
    owners = sorted({claim.owner for one in votes.values() for claim in one.claims})
    # A column for nobody per track, worth nothing; what is worth less than nothing is never taken.
    gain = np.full((len(tracks), len(owners) + len(tracks)), -1.0)
    gain[:, len(owners) :] = 0.0
    for row, track_id in enumerate(tracks):
        for claim in votes[track_id].claims:
            gain[row, owners.index(claim.owner)] = claim.score - votes[track_id].floor
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return {
        tracks[row]: _led_by(votes[tracks[row]], owners[column])
        for row, column in zip(rows, columns, strict=True)
        if column < len(owners)
    }


def _led_by(one: Vote, owner: str) -> Vote:
    """The vote with this person first."""
    if one.owner == owner:
        return one
    (first,) = (claim for claim in one.claims if claim.owner == owner)
    others = tuple(claim for claim in one.claims if claim.owner != owner)
    margin = first.score - others[0].score
    return replace(one, claims=(first, *others), band=Band.REVIEW, margin=margin)
