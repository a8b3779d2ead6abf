"""The parts of the demo that need neither models nor servers."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from rich.console import Console
from rich.live import Live

from streamer.backend import Backend
from streamer.clock import SystemClock
from streamer.commands.demo import unexpected, unseen
from streamer.commands.demo_screen import TableScreen, words
from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.embedded.demo.cast import CAST, EXPECTED, Part
from streamer.embedded.demo.clinic import bookings, demo_settings
from streamer.embedded.demo.day_rows import DayRows
from streamer.embedded.demo.demo import DemoOptions, DemoResult, Screen, _Running
from streamer.embedded.demo.lobby import clip_seconds
from streamer.embedded.demo.photographs import SAMPLES, Sample, read_photographs
from streamer.embedded.demo.portrait import Head
from streamer.embedded.demo.scene import FOCAL_PX, HEIGHT, WIDTH, draw_lobby
from streamer.embedded.demo.view import RateMeter, Rates, View, lines_of
from streamer.embedded.demo.walker import draw_walker, pose_at, seconds_of
from streamer.errors import EmbeddedError
from streamer.storage.listing import AppointmentRow, CheckInRow

ROOT = Path(__file__).resolve().parents[2]
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
    # Any free port: several may run at once.
    assert settings.model_fields_set == {"site", "match", "web", "cameras"}
    assert settings.web.model_fields_set == {"port"}
    assert settings.match.model_fields_set == {"auto_arrive"}
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


def at_the_start(*, ended: bool = False) -> View:
    rows = [appointment(str(one.appointment_ref), "booked") for one in CAST if one.starts_in_min]
    state = CameraState(
        "lobby-1", CameraStatus.DEGRADED, "only 3 frames a second come, " * 3, NOW, 12_345, 4_115
    )
    return View(
        lines_of(rows, [], own_footage=False),
        (state,),
        Rates(15.0, 5.0, 0.0),
        812.0,
        ended,
        "http://127.0.0.1:45678",
        ("demo", "abcdefghijkl"),
    )


def drawn(width: int, views: Sequence[View]) -> list[str]:
    """The rows of a terminal 24 high once it was shown these, one after the other."""
    stream = StringIO()
    console = Console(file=stream, width=width, height=24, force_terminal=True, color_system=None)
    with Live(console=console, auto_refresh=False) as live:
        screen = TableScreen(live, words(own_footage=False), UTC)
        for view in views:
            screen.show(view)
        screen.stopping()
        frame = stream.getvalue().split("Kirdi demo")[-1]
    return ["", *re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", frame).splitlines()]


def test_a_terminal_of_80_by_24_shows_everything_at_any_stage() -> None:
    arrived = replace(at_the_start().lines[0], status="arrived", arrived_at=NOW, score=0.821)
    later = replace(at_the_start(), lines=(arrived, *at_the_start().lines[1:]))
    for views in ([at_the_start()], [at_the_start(), later]):
        rows = drawn(80, views)
        assert len(rows) < 24
        assert max(map(len, rows)) <= 80
        parts = [row for row in rows if row.startswith(tuple(Part))]
        assert len(parts) == len(CAST)
        assert any("12345 frames decoded, 4115 analysed, 0 dropped" in row for row in rows)
        assert any("15.0 decoded, 5.0 analysed" in row for row in rows)
        assert any("account demo  password abcdefghijkl" in row for row in rows)
        # An echoed ^C must find room behind it.
        assert rows[-1] == "stopping …"
    assert "arrived  18:59:30  0.821" in "\n".join(drawn(80, [later]))


def test_a_wide_terminal_says_what_becomes_of_each() -> None:
    rows = drawn(120, [at_the_start()])
    assert sum("nothing of them is kept" in row for row in rows) == 2
    assert "stopped with the demo" in "\n".join(drawn(120, [at_the_start(ended=True)]))
    assert "degraded" not in "\n".join(drawn(120, [at_the_start(ended=True)]))


def test_the_readme_shows_what_the_screen_says() -> None:
    block = (ROOT / "README.md").read_text().split("Kirdi demo\n")[1].split("```")[0]
    ours = [row.rstrip() for row in drawn(120, [at_the_start()])]
    header = next(row for row in ours if row.startswith("who "))
    assert header in block
    for row in words(own_footage=False):
        assert row.split(". ")[0] in " ".join(block.split())
    shown = [row for row in block.splitlines() if row.startswith(tuple(Part))]
    assert len(shown) == len(CAST)
    for row in shown:
        same = [
            other
            for other in ours
            if other[:29] == row[:29] and (row[76:] == other[76:] or row.endswith("came in"))
        ]
        assert same, row


def outcome(came: Sequence[str], running_s: float) -> DemoResult:
    rows = [
        CheckInRow(ref, ref[2:], "face", "lobby-1", NOW, NOW, 0.8, "arrived", "face", 0.67)
        for ref in came
    ]
    return DemoResult(tuple(rows), EXPECTED, (), True, running_s)


def test_only_a_clip_that_has_run_through_leads_to_a_warning() -> None:
    early = outcome(EXPECTED[:1], 5.0)
    assert unexpected(early) == []
    assert "A-P-104 (the clip is 30 s long)" in unseen(early)[0]
    late = outcome(EXPECTED[:1], clip_seconds())
    assert "A-P-104" in unexpected(late)[0]
    assert unseen(late) == []
    assert "A-P-106" in unexpected(outcome(["A-P-106"], 5.0))[0]
    everybody = outcome(EXPECTED, clip_seconds())
    assert unexpected(everybody) == unseen(everybody) == []


async def test_whoever_is_shown_as_checked_in_is_shown_as_arrived() -> None:
    ref = EXPECTED[0]

    class Arriving:
        """They check in between the first question and the other one."""

        first = ""

        async def appointments(self, _day: date) -> list[AppointmentRow]:
            self.first = self.first or "appointments"
            return [appointment(ref, "booked" if self.first == "appointments" else "arrived")]

        async def check_ins(self, _day: date) -> list[CheckInRow]:
            self.first = self.first or "check-ins"
            if self.first == "check-ins":
                return []
            return list(outcome([ref], 1.0).check_ins)

    backend = cast(Backend, SimpleNamespace(settings=demo_settings()))
    visitor = ("demo", "p")
    running = _Running(DemoOptions(), backend, visitor, SystemClock(), cast(Screen, None))
    running._rows = cast(DayRows, Arriving())
    view = await running._view(())
    line = next(line for line in view.lines if line.appointment_ref == ref)
    assert line.status == "arrived"
    assert line.arrived_at is None
