"""What kind and mode make of a camera."""

import pytest

from config.settings import Camera, Recognition, Settings, Site
from matcher.packs.score_scale import ScoreScale
from streamer.service_rules import pipeline_rules
from streamer.tracking.fixed_thresholds import FixedThresholds

SCALE = ScoreScale(0.3, 0.1, 0.5, 0.5, 0.6, "nobody")
LANE = [[0, 0], [0.5, 0], [0.5, 1]]


@pytest.mark.parametrize(
    ("mode", "kind", "searches", "in_lane"),
    [
        ("lane", "lobby", True, True),
        ("lobby", "lobby", True, False),
        ("desk", "lobby", False, True),
        ("lane", "desk", False, True),
        # Wherever people may be searched for: at the desk the lane is whoever is asked about.
        ("lobby", "desk", False, True),
        ("desk", "desk", False, True),
        ("lobby", "kiosk", False, True),
    ],
)
def test_only_a_camera_of_the_lobby_searches(
    mode: str, kind: str, searches: bool, in_lane: bool
) -> None:
    settings = Settings(
        site=Site(id="s", name="S"),
        recognition=Recognition.model_validate({"mode": mode, "legal_basis_ref": "L-1"}),
    )
    camera = Camera.model_validate(
        {"id": "a", "url": "rtsp://10.0.0.5/1", "kind": kind, "lane": LANE}
    )
    rules = pipeline_rules(settings, camera, SCALE, FixedThresholds(0.3, 0.1))
    assert rules.searches is searches
    assert (rules.lane is not None) is in_lane
