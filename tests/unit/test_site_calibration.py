"""A site may let matches arrive only where its own patients show that it may."""

import numpy as np
import pytest

from matcher.impostors import Impostors
from streamer.site_calibration import Looks, Share, findings, shortcomings
from streamer.tracking.fixed_thresholds import FixedThresholds

THRESHOLDS = FixedThresholds(max_distance=0.33, min_margin=0.05)


def impostors(people: int, alike: int = 0) -> Impostors:
    """So many people, of whom some are as alike as one person's photos."""
    best = np.full(people, -0.6)
    best[:alike] = -0.2
    return Impostors(people, people * (people - 1) // 2, np.sort(best)[::-1], best)


@pytest.mark.parametrize(
    ("count", "of", "upper", "lower"),
    [
        (0, 300, 0.00994, 0.0),
        (1, 473, 0.00999, 0.0001084),
        (3, 10, 0.6066, 0.0873),
        (10, 10, 1.0, 0.7411),
        (0, 0, 1.0, 0.0),
    ],
)
def test_bounds(count: int, of: int, upper: float, lower: float) -> None:
    share = Share(count, of)
    assert share.upper == pytest.approx(upper, rel=1e-3)
    assert share.lower == pytest.approx(lower, rel=1e-3)


@pytest.mark.parametrize(
    ("people", "alike", "looks", "words"),
    [
        (120, 0, Looks(299, 0, 0), []),
        (120, 0, Looks(473, 1, 5), []),
        (119, 0, Looks(299, 0, 0), ["119 enrolled patients; 120"]),
        (120, 0, Looks(298, 0, 0), ["298 matches", "299 looks"]),
        (120, 0, Looks(400, 1, 0), ["1 were somebody else", "473 looks"]),
        (120, 0, Looks(0, 0, 0), ["0 matches", "up to 100.00 %"]),
        (120, 1, Looks(299, 0, 0), []),
        (120, 2, Looks(299, 0, 0), ["2 of 120 patients would be accepted as another"]),
        (50, 2, Looks(20, 9, 0), ["50 enrolled", "2 of 50", "9 were somebody else"]),
    ],
    ids=[
        "just enough",
        "one mistake, more looks",
        "too few patients",
        "too few looks",
        "too many mistakes",
        "nobody ever looked",
        "one lookalike may be chance",
        "two are not",
        "nothing is right",
    ],
)
def test_verdict(people: int, alike: int, looks: Looks, words: list[str]) -> None:
    found = findings(impostors(people, alike), [-0.3, -0.4], looks, THRESHOLDS, 20)
    missing = list(shortcomings(found, 0.001))
    assert len(missing) == len({line for line in missing for word in words if word in line})
    for word in words:
        assert any(word in line for line in missing), missing
    if not words:
        assert missing == []


def test_figures_are_those_of_the_thresholds_in_force() -> None:
    found = findings(impostors(120, 1), [-0.3, -0.32, -0.4], Looks(299, 0, 7), THRESHOLDS, 20)
    assert (found.patients, found.impostor_pairs) == (120, 7140)
    assert (found.photos_accepted.count, found.photos_accepted.of) == (2, 3)
    assert (found.accepted_as_another.count, found.expired) == (1, 7)
    assert (found.accept, found.gallery_size) == (-0.33, 20)
    assert found.review == pytest.approx(-0.38)
