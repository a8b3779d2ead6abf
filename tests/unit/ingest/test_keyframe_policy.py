import pytest

from streamer.ingest.keyframe_policy import KeyframePolicy


def play(policy: KeyframePolicy, seconds: float, gop_s: float, quiet: bool, at: float = 0) -> float:
    """Feed 25 packets a second; how many a second were decoded."""
    gop, decoded = round(gop_s * 25), 0
    for index in range(round(seconds * 25)):
        now = at + index / 25
        decoded += policy.decodes(now, now - at if quiet else 0.0, keyframe=index % gop == 0)
    return decoded / seconds


def test_all_frames_while_somebody_moves() -> None:
    assert play(KeyframePolicy(10.0), 60, 1.0, quiet=False) == 25
    assert play(KeyframePolicy(0.0), 60, 1.0, quiet=True) == 25


def test_only_keyframes_once_nobody_has_moved_for_long() -> None:
    policy = KeyframePolicy(10.0)
    play(policy, 11, 1.0, quiet=True)
    assert policy.only
    # Time goes on from where the quiet began.
    decoded = [policy.decodes(11 + n / 25, 11.0, keyframe=n % 25 == 0) for n in range(250)]
    assert sum(decoded) == 10


@pytest.mark.parametrize(
    ("gop_s", "idles", "obeys"),
    [
        (0.04, True, True),
        (2.0, True, True),
        (2.4, True, True),
        (3.0, False, True),
        (5.0, False, True),
        (8.0, False, False),
    ],
)
def test_rare_keyframes_are_not_relied_on(gop_s: float, idles: bool, obeys: bool) -> None:
    idle, asked = KeyframePolicy(1.0), KeyframePolicy(0.0)
    asked.asked_for = True
    play(idle, 60, gop_s, quiet=True)
    play(asked, 60, gop_s, quiet=False)
    assert (idle.only, asked.only) == (idles, obeys)


def test_where_every_frame_is_a_keyframe_two_a_second_are_decoded() -> None:
    policy = KeyframePolicy(0.0)
    policy.asked_for = True
    assert play(policy, 60, 0.04, quiet=False) < 2.2


def test_motion_in_a_keyframe_brings_the_frames_after_it() -> None:
    policy = KeyframePolicy(5.0)
    play(policy, 6, 1.0, quiet=True)
    assert not policy.decodes(6.04, 6.0, keyframe=False)
    assert policy.decodes(7.0, 7.0, keyframe=True)
    policy.seen(0.0)
    assert policy.decodes(7.04, 0.04, keyframe=False)


def test_nothing_changes_between_keyframes() -> None:
    """What comes next refers to frames that were not decoded."""
    policy = KeyframePolicy(5.0)
    play(policy, 6, 1.0, quiet=True)
    assert not policy.decodes(6.04, 0.0, keyframe=False)
    assert policy.decodes(7.0, 0.0, keyframe=True)
    assert policy.decodes(7.04, 0.0, keyframe=False)


def test_a_stream_with_b_frames_keeps_all_its_frames() -> None:
    policy = KeyframePolicy(1.0)
    policy.asked_for = policy.reordered = True
    assert play(policy, 30, 1.0, quiet=True) == 25
    assert not policy.only


def test_jitter_does_not_make_two_seconds_too_rare() -> None:
    policy = KeyframePolicy(1.0)
    for index in range(500):
        late = 0.02 * (index % 3)
        policy.decodes(index / 25 + late, 10.0, keyframe=index % 50 == 0)
    assert policy.only


def test_a_camera_that_stretches_its_keyframes_is_decoded_whole_from_then_on() -> None:
    policy = KeyframePolicy(5.0)
    play(policy, 7, 1.0, quiet=True)
    assert policy.only
    late = [policy.decodes(6 + n / 25, 6.0, keyframe=False) for n in range(25, 75)]
    # The last keyframe came at 6 s; two seconds later nobody waits for the next.
    assert late == [False] * 26 + [True] * 24
    play(policy, 30, 1.0, quiet=True, at=9)
    assert not policy.only


def test_keyframes_rarer_than_a_stall_are_not_relied_on() -> None:
    policy = KeyframePolicy(1.0, longest_gop_s=1.0)
    policy.asked_for = True
    play(policy, 60, 2.0, quiet=True)
    assert not policy.only
