"""The parts of the demo that need neither models nor servers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.embedded.demo.cast import CAST, EXPECTED, Part
from streamer.embedded.demo.clinic import bookings, demo_settings
from streamer.embedded.demo.lobby import clip_seconds
from streamer.embedded.demo.photographs import SAMPLES, Sample, read_photographs
from streamer.embedded.demo.portrait import Head
from streamer.embedded.demo.scene import FOCAL_PX, HEIGHT, WIDTH, draw_lobby
from streamer.embedded.demo.view import RateMeter, lines_of
from streamer.embedded.demo.walker import draw_walker, pose_at, seconds_of
from streamer.errors import EmbeddedError
from streamer.storage.listing import AppointmentRow, CheckInRow

NOW = datetime(2026, 11, 23, 18, 59, 30, tzinfo=UTC)


def appointment(ref: str, status: str) -> AppointmentRow:
    return AppointmentRow(
        ref,
        ref[2:],
        "D-1",
        "S-1",
        "Visit",
        NOW,
        NOW + timedelta(minutes=20),
        status,
        "site",
        None,
        None,
    )


def test_the_cast_shows_every_reason() -> None:
    parts = [member.part for member in CAST]
    assert set(parts) == set(Part)
    assert parts.count(Part.APPOINTMENT) == len(EXPECTED) >= 3
    assert sorted(member.person for member in CAST) == list(range(sum(s.people for s in SAMPLES)))
    for member in CAST:
        assert (member.patient_ref is None) == (member.part is Part.STRANGER)
        has_appointment = member.part in (Part.APPOINTMENT, Part.WITHDREW)
        assert (member.appointment_ref is not None) == has_appointment


def test_everybody_comes_nearer_and_leaves_within_the_clip() -> None:
    for member in CAST:
        walk = member.walk
        poses = [pose_at(walk, at) for at in np.arange(0.0, seconds_of(walk), 1 / 15)]
        widths = [0.15 * FOCAL_PX / pose.z for pose in poses if pose is not None]
        assert len(widths) == len(poses)
        assert widths == sorted(widths)
        assert widths[0] < 35
        last = poses[-1]
        assert last is not None
        assert abs(last.x) * FOCAL_PX / last.z > WIDTH / 2
        assert pose_at(walk, -0.01) is None
        assert pose_at(walk, seconds_of(walk)) is None
        assert walk.enters_at + seconds_of(walk) < clip_seconds()


def test_several_are_in_the_lobby_at_once_but_no_crowd() -> None:
    counts = [
        sum(pose_at(member.walk, at - member.walk.enters_at) is not None for member in CAST)
        for at in np.arange(0.0, clip_seconds(), 0.1)
    ]
    assert 2 <= max(counts) <= 3


def test_a_walker_changes_only_where_they_are() -> None:
    lobby = draw_lobby()
    assert lobby.shape == (HEIGHT, WIDTH, 3)
    face = np.full((360, 360, 3), 200, np.uint8)
    head = Head(face, np.ones((360, 360), np.float32), (180.0, 190.0), (200, 150, 120))
    walk = replace(CAST[0].walk, door=0.0, passes=0.5)
    for at in np.arange(0.0, seconds_of(walk), 0.2):
        pose = pose_at(walk, at)
        assert pose is not None
        picture = lobby.copy()
        draw_walker(picture, head, walk, pose)
        columns = np.nonzero((picture != lobby).any(axis=(0, 2)))[0]
        middle = WIDTH / 2 + pose.x * FOCAL_PX / pose.z
        reach = 0.6 * FOCAL_PX / pose.z
        if 0 < middle < WIDTH and pose.z < 5.5:
            assert columns.size
        assert all(abs(columns - middle) <= reach)


def test_appointments_are_open_now_and_the_settings_are_the_defaults() -> None:
    settings = demo_settings(["rtsp://127.0.0.1:1/a", "rtsp://127.0.0.1:1/b"])
    opens = timedelta(minutes=settings.arrival.opens_before_min)
    for booking in bookings(NOW):
        assert timedelta() < booking.starts_at - NOW < opens
    assert settings.model_fields_set == {"site", "cameras"}
    assert all(camera.model_fields_set == {"id", "url"} for camera in settings.cameras)


def test_who_is_who() -> None:
    rows = [appointment(ref, "booked") for ref in EXPECTED[1:]] + [
        appointment(EXPECTED[0], "arrived")
    ]
    came = CheckInRow(
        EXPECTED[0], EXPECTED[0][2:], "face", "lobby-1", NOW, NOW, 0.8, "arrived", "face", 0.67
    )
    lines = lines_of(rows, [came], own_footage=False)
    assert len(lines) == len(CAST)
    arrived = [line for line in lines if line.arrived_at is not None]
    assert [line.appointment_ref for line in arrived] == [EXPECTED[0]]
    assert arrived[0].status == "arrived"
    footage = lines_of(rows, [], own_footage=True)
    assert Part.STRANGER not in [line.part for line in footage]


def test_rates_are_of_the_last_seconds() -> None:
    state = CameraState("lobby-1", CameraStatus.STREAMING, "", NOW)
    meter = RateMeter()
    assert meter.rates(0.0, [state]).decoded == 0
    for second in range(1, 11):
        # 15 a second; none from the sixth second on.
        decoded = 15 * min(second, 6)
        rates = meter.rates(float(second), [replace(state, decoded=decoded, analysed=5 * second)])
        if second == 6:
            assert rates.decoded == pytest.approx(15)
    assert rates.decoded == 0
    assert rates.analysed == pytest.approx(5)


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (Sample("no-such-package", "a.png", 1), "not installed"),
        (Sample("numpy", "numpy/absent.png", 1), "lacks it"),
        (Sample("numpy", "numpy/__init__.py", 1), "no picture"),
    ],
)
def test_photographs_that_are_not_there(sample: Sample, words: str) -> None:
    with pytest.raises(EmbeddedError, match=words):
        read_photographs([sample])
