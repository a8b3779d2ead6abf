"""What a pack's manifest says about scores, ready for use. Made by `app` and by calibration."""

from dataclasses import dataclass

from config.settings import Match as MatchSettings
from matcher.cohort import Cohort
from matcher.face import Embedding, Match
from matcher.gallery import Gallery
from matcher.packs.pack import Pack
from matcher.packs.score_scale import ScoreScale
from streamer.domain.site_calibration import SiteCalibration
from streamer.tracking.fixed_thresholds import FixedThresholds
from streamer.tracking.voting import Thresholds


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """How faces of one pack are scored, and which scores are good for what.

    Attributes:
        cohort: Normalises scores; None = scores are minus the distance.
        thresholds: For the settings' target rates.
    """

    scale: ScoreScale
    cohort: Cohort | None
    thresholds: Thresholds

    def compare(self, probe: Embedding, template: Embedding) -> Match:
        """Score two embeddings as a search in a gallery would."""
        (match,) = Gallery(template.pack_id, [("", template)], self.cohort).search([probe])
        assert match is not None
        return match


def score_rules(pack: Pack, match: MatchSettings) -> ScoreRules:
    """Read what a pack says about scores. Blocks.

    Raises:
        ModelPackError: A file of it is damaged.
    """
    scale = pack.manifest.scores
    return ScoreRules(scale, None, FixedThresholds(scale.max_distance, scale.min_margin))


def site_thresholds(found: SiteCalibration, match: MatchSettings) -> Thresholds:
    """Make thresholds of what a site has found, for the settings' target rates."""
    raise NotImplementedError
