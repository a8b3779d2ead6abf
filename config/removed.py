"""Keys of earlier versions that are settings no more, and what became of them. Used by `load`."""

from typing import Final

_PACK = "the model pack knows its own distances now; remove the key, and set {instead} if need be"

REMOVED: Final = {
    "match.max_distance": _PACK.format(instead="match.accept_fpir"),
    "match.min_margin": _PACK.format(instead="match.review_fpir"),
    "match.max_frame_distance": _PACK.format(instead="match.accept_fpir"),
    "match.other_person_distance": "the model pack knows its own distances now; remove the key",
}
"""Dotted paths; the values end a message that names the key."""
