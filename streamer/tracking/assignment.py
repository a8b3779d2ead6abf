"""One identity per track and one track per identity within a frame. Pure."""

from collections.abc import Mapping

from streamer.tracking.voting import Vote


def assign(votes: Mapping[int, Vote]) -> dict[int, Vote]:
    """Keep, of the tracks that name the same person, only the nearest.

    Nobody stands in a picture twice. The farther track is somebody else who looks alike, so it gets
    no name at all rather than its second-best.

    Args:
        votes: Accepted votes by track id, of the tracks seen in one frame.
    """
    kept: dict[str, int] = {}
    for track_id, one in votes.items():
        rival = kept.get(one.match.owner)
        if rival is None or one.match.distance < votes[rival].match.distance:
            kept[one.match.owner] = track_id
    return {track_id: votes[track_id] for track_id in kept.values()}
