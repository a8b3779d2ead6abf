"""That a site has compared a model pack's matches with its own patients, and what it found."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SiteCalibration:
    """One calibration of one pack at one site.

    Attributes:
        made_at: UTC.
        made_by: The user of the machine who had it made.
        figures: Names what scores were normalised by, see `streamer.score_rules`; others make other
            scores.
        accept_fpir: The strictness it was made for; a looser one is not covered.
        patients: Enrolled patients whose templates were compared with each other.
        impostor_pairs: How many comparisons that were.
        decided_reviews: Accepted matches that a person has looked at.
        wrong_reviews: Those that were not the patient.
        impostor_tail: The fitted tail of the impostor scores, JSON; see `matcher.thresholds`.
    """

    pack_id: str
    made_at: datetime
    made_by: str
    figures: str
    accept_fpir: float
    patients: int
    impostor_pairs: int
    decided_reviews: int
    wrong_reviews: int
    impostor_tail: str
