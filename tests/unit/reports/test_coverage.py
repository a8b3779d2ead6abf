"""What was covered when, as a table: nothing that is not known to have been analysed counts."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from streamer.domain.camera_state import CameraStatus
from streamer.domain.coverage import UnknownCause
from streamer.domain.uptime_interval import UptimeInterval
from streamer.reports.premises import Entrance, Premises
from tests.unit.reports.facts import PREMISES, at, interval, uptime

DOWN, DEGRADED = CameraStatus.DOWN, CameraStatus.DEGRADED
SIDE = Entrance("main", "side", frozenset({"lobby-2"}))
TWO_DOORS = replace(PREMISES, entrances=(*PREMISES.entrances, SIDE))
NO_CAMERA = replace(
    PREMISES, entrances=(*PREMISES.entrances, Entrance("main", "side", frozenset()))
)
ONE_DOOR = replace(
    PREMISES, entrances=(Entrance("main", "front", frozenset({"lobby-1", "lobby-2"})),)
)


@pytest.mark.parametrize(
    ("premises", "intervals", "share", "cause"),
    [
        (PREMISES, [interval(0, 24)], 1, None),
        # A window of 8:00 to 10:30.
        (PREMISES, [interval(0, 9), interval(9, 10, DOWN), interval(10, 24)], 0.6,
         UnknownCause.CAMERA_DOWN),
        (PREMISES, [interval(0, 9), interval(9, 10, DEGRADED), interval(10, 24)], 0.6,
         UnknownCause.CAMERA_DEGRADED),
        (PREMISES, [interval(0, 9), interval(9, 10, CameraStatus.STALLED), interval(10, 24)], 0.6,
         UnknownCause.CAMERA_DOWN),
        (PREMISES, [interval(0, 9), interval(10, 24)], 0.6, UnknownCause.SERVICE_DOWN),
        (PREMISES, [interval(9, 24)], 0.6, UnknownCause.OUTSIDE_COVERAGE),
        (PREMISES, [], 0, UnknownCause.OUTSIDE_COVERAGE),
        (PREMISES, [interval(0, 9)], 0.4, UnknownCause.SERVICE_DOWN),
        # Most of what is missing says why.
        (PREMISES, [interval(0, 8.5), interval(9, 9.25, DOWN), interval(9.25, 24)], 0.7,
         UnknownCause.SERVICE_DOWN),
        (TWO_DOORS, [interval(0, 24), interval(0, 24, camera="lobby-2")], 1, None),
        # While the other one works the service was there.
        (TWO_DOORS, [interval(0, 24), interval(0, 9, camera="lobby-2")], 0.4,
         UnknownCause.CAMERA_DOWN),
        (TWO_DOORS, [interval(0, 24), interval(9, 24, camera="lobby-2")], 0.6,
         UnknownCause.OUTSIDE_COVERAGE),
        (NO_CAMERA, [interval(0, 24)], 0, UnknownCause.OUTSIDE_COVERAGE),
        # Two cameras at one door are there because one is not enough.
        (ONE_DOOR, [interval(0, 24), interval(0, 24, DOWN, "lobby-2")], 0,
         UnknownCause.CAMERA_DOWN),
        # Unless somebody has switched one off.
        (ONE_DOOR, [interval(0, 24), interval(0, 24, CameraStatus.DISABLED, "lobby-2")], 1, None),
        (PREMISES, [interval(0, 24, CameraStatus.DISABLED)], 0, UnknownCause.CAMERA_DOWN),
        # Nobody knows which door a camera looked at that the settings do not name any more.
        (PREMISES, [interval(0, 24), interval(9, 10, DOWN, "gone")], 0.6,
         UnknownCause.CAMERA_DOWN),
        (PREMISES, [interval(0, 24), interval(9, 10, camera="gone")], 1, None),
    ],
)  # fmt: skip
def test_a_window(
    premises: Premises, intervals: list[UptimeInterval], share: float, cause: UnknownCause | None
) -> None:
    found = uptime(intervals, premises).coverage("main", at(8), at(10.5))
    assert found.share == pytest.approx(share)
    assert found.cause is cause
    assert found.full is (share >= 0.95)


def test_a_short_gap_is_still_full_coverage() -> None:
    # 7.5 of 150 minutes are 5 %.
    for minutes, full in ((7.4, True), (7.6, False)):
        gap = [interval(0, 9), interval(9, 9 + minutes / 60, DOWN), interval(9 + minutes / 60, 24)]
        assert uptime(gap).coverage("main", at(8), at(10.5)).full is full


def test_an_appointment_that_came_to_be_known_late() -> None:
    covered = uptime()
    assert covered.coverage("main", at(8), at(10.5), at(8)).full
    late = covered.coverage("main", at(8), at(10.5), at(9))
    assert (late.full, late.cause) == (False, UnknownCause.NOT_KNOWN_THEN)
    never = covered.coverage("main", at(8), at(10.5), at(12))
    assert (never.share, never.cause) == (0, UnknownCause.NOT_KNOWN_THEN)


def test_a_window_that_is_not_over() -> None:
    found = uptime(as_of=9).coverage("main", at(8), at(10.5))
    assert found.share == pytest.approx(0.4)
    assert found.cause is UnknownCause.NOT_OVER


def test_any_building_means_all_of_them() -> None:
    premises = replace(
        PREMISES,
        buildings=("main", "annex"),
        entrances=(*PREMISES.entrances, Entrance("annex", "front", frozenset({"lobby-2"}))),
    )
    covered = uptime([interval(0, 24), interval(0, 9, camera="lobby-2")], premises)
    assert covered.coverage("main", at(8), at(10.5)).full
    assert not covered.coverage("annex", at(8), at(10.5)).full
    assert covered.coverage(None, at(8), at(10.5)).share == pytest.approx(0.4)
    # A building the site has no more.
    assert covered.coverage("old", at(8), at(10.5)).share == pytest.approx(0.4)


def test_a_code_desk() -> None:
    window = (at(8), at(10.5))
    assert uptime().desk_open("main", *window)
    assert not uptime([interval(0, 9), interval(10, 24)]).desk_open("main", *window)
    none = replace(PREMISES, code_desks=frozenset())
    assert not uptime(premises=none).desk_open("main", *window)
    kiosk = replace(none, kiosks={"kiosk-1": "main"}, known_cameras=frozenset({"kiosk-1"}))
    both = [interval(0, 24), interval(0, 24, camera="kiosk-1")]
    assert uptime(both, kiosk).desk_open("main", *window)
    assert uptime(both, kiosk).desk_open(None, *window)
    half = [interval(0, 24), interval(0, 9, camera="kiosk-1")]
    assert not uptime(half, kiosk).desk_open("main", *window)


@pytest.mark.parametrize("seed", range(20))
def test_shares_are_what_adding_up_minute_by_minute_gives(seed: int) -> None:
    """Against the plainest way to count: every minute of the day, looked at by itself."""
    draw = Random(seed)
    minutes = sorted(draw.sample(range(24 * 60), 24))
    statuses = [draw.choice(list(CameraStatus)) for _ in minutes]
    intervals = [
        interval(begin / 60, end / 60, status, draw.choice(("lobby-1", "lobby-2")))
        for (begin, end), status in zip(pairwise(minutes), statuses, strict=False)
        if draw.random() < 0.8
    ]
    covered = uptime(intervals, TWO_DOORS)

    def is_covered(minute: int) -> bool:
        moment = at(minute / 60 + 1 / 120)
        now = {one.camera_id: one.status for one in intervals
               if one.started_at <= moment < one.ended_at}  # fmt: skip
        return [now.get(camera) for camera in ("lobby-1", "lobby-2")] == [
            CameraStatus.STREAMING,
            CameraStatus.STREAMING,
        ]

    begin = draw.randrange(0, 20 * 60)
    end = begin + draw.randrange(1, 240)
    counted = sum(is_covered(minute) for minute in range(begin, end)) / (end - begin)
    found = covered.coverage("main", at(begin / 60), at(end / 60))
    assert found.share == pytest.approx(counted, abs=1e-6)
