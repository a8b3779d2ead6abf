"""How much one camera searched on one day: what a site's error rates are estimated from."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class MatchCount:
    """Figures without anybody in them.

    Attributes:
        day: Of the site.
        tracks: Tracks that were compared with the gallery.
        gallery_sum: The gallery's size at each of them, added up.
        gallery_max: The largest of these.
        accepted: Tracks that were somebody by themselves.
        reviewed: Tracks that a person should look at; one may be among the accepted later.
    """

    day: date
    camera_id: str
    tracks: int
    gallery_sum: int
    gallery_max: int
    accepted: int
    reviewed: int
