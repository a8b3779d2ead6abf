"""What a pack's manifest says about scores, ready for use. Made by `app` and by calibration."""

import hashlib
import json
from dataclasses import asdict, dataclass

from config.settings import Match as MatchSettings
from matcher.calibration import Calibration
from matcher.cohort import Cohort
from matcher.errors import MatcherError
from matcher.face import Embedding, Match
from matcher.gallery import Gallery
from matcher.packs.calibrations import calibration_of
from matcher.packs.pack import Pack
from matcher.packs.score_scale import ScoreScale
from matcher.tail import Tail
from matcher.thresholds import Thresholds as FittedThresholds
from streamer.tracking.fixed_thresholds import FixedThresholds
from streamer.tracking.voting import Thresholds


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """How faces of one pack are scored, and which scores are good for what.

    Attributes:
        cohort: Normalises scores; None = scores are minus the distance.
        thresholds: For the settings' target rates.
        figures: Names what scores are normalised by: scores under different names mean different
            things.
    """

    scale: ScoreScale
    cohort: Cohort | None
    thresholds: Thresholds
    figures: str

    def compare(self, probe: Embedding, template: Embedding) -> Match:
        """Score two embeddings as a search in a gallery would."""
        (match,) = Gallery(template.pack_id, [("", template)], self.cohort).search([probe])
        assert match is not None
        return match


def score_rules(pack: Pack, match: MatchSettings) -> ScoreRules:
    """Read what a pack's manifest and figures say about scores. Blocks.

    Raises:
        ModelPackError: There are figures for the pack, and they cannot be used.
    """
    scale = pack.manifest.scores
    figures = calibration_of(pack.pack_id, pack.folder.parent)
    if figures is None:
        fixed = FixedThresholds(scale.max_distance, scale.min_margin)
        return ScoreRules(scale, None, fixed, figures_name(None))
    thresholds = thresholds_of(figures.tail, match)
    return ScoreRules(scale, figures.cohort(), thresholds, figures_name(figures))


def figures_name(figures: Calibration | None) -> str:
    """The name of what scores are normalised by: a digest of the figures, if there are any."""
    if figures is None:
        return "plain distance"
    return hashlib.sha256(figures.to_json().encode()).hexdigest()


def thresholds_of(tail: Tail, match: MatchSettings) -> Thresholds:
    """Make thresholds of a tail of impostor scores, for the settings' target rates."""
    return FittedThresholds(tail, match.accept_fpir, match.review_fpir)


def tail_json(tail: Tail) -> str:
    """A tail as it is stored."""
    return json.dumps(asdict(tail))


def tail_of(text: str) -> Tail:
    """Read what `tail_json` wrote.

    Raises:
        MatcherError: It is no tail.
    """
    try:
        return Tail(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise MatcherError(
            "the site's calibration cannot be read; run: kirdi models calibrate --site"
        ) from error
