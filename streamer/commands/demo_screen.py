"""Draws a demo: a live table on a terminal, a line per event elsewhere. Used by `demo`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.embedded.demo.cast import Part
from streamer.embedded.demo.clinic import demo_settings
from streamer.embedded.demo.demo import Screen
from streamer.embedded.demo.view import Line, View

_LOBBY = (
    "This shows the plumbing, not accuracy: everybody in this lobby is pasted in from the very "
    "photograph they were enrolled from."
)
_FOOTAGE = (
    "This shows the plumbing, not accuracy: the gallery holds four people of other pictures, so "
    "nobody in your footage should arrive."
)
_WORD = {
    Part.APPOINTMENT: "waiting for the camera to see them",
    Part.NO_APPOINTMENT: "not in the gallery: stays unknown, nothing of them is kept",
    Part.WITHDREW: "not in the gallery: their template is deleted",
    Part.STRANGER: "unknown: nothing of them is kept",
}


@contextmanager
def open_screen(stream: IO[str], *, own_footage: bool) -> Iterator[Screen]:
    """What suits the stream: a live table on a terminal, else lines."""
    settings = demo_settings()
    words = [
        _FOOTAGE if own_footage else _LOBBY,
        f"Settings: the defaults, match.auto_arrive: {settings.match.auto_arrive}, "
        f"recognition.mode: {settings.recognition.mode}. Site time: {settings.site.time_zone}. "
        "Ctrl-C ends it.",
    ]
    console = Console(file=stream)
    if not console.is_terminal:
        yield LineScreen(stream, words, settings.site.zone)
        return
    with Live(console=console, auto_refresh=False, transient=False) as live:
        yield TableScreen(live, words, settings.site.zone)


class LineScreen:
    """A line per event."""

    def __init__(self, stream: IO[str], words: list[str], zone: ZoneInfo) -> None:
        """Say first what this is."""
        self._stream = stream
        self._zone = zone
        self._began = time.monotonic()
        self._arrived: set[str] = set()
        self._cameras: dict[str, CameraStatus] = {}
        self._first_check_in_told = False
        for line in words:
            self._say(line)

    def step(self, text: str) -> None:
        """See `Screen`."""
        self._say(text)

    def show(self, view: View) -> None:
        """See `Screen`."""
        for camera in view.cameras:
            if self._cameras.get(camera.camera_id) is not camera.status:
                self._cameras[camera.camera_id] = camera.status
                self._say(_state(camera))
        for line in view.lines:
            if line.arrived_at is not None and line.appointment_ref not in self._arrived:
                self._arrived.add(str(line.appointment_ref))
                at = line.arrived_at.astimezone(self._zone)
                self._say(
                    f"{line.appointment_ref} {line.status}: patient {line.patient_ref}, seen "
                    f"{at:%H:%M:%S}, score {line.score or 0.0:.3f} ({line.part})"
                )

    def _say(self, text: str) -> None:
        self._stream.write(f"[demo {time.monotonic() - self._began:5.1f} s] {text}\n")
        self._stream.flush()


class TableScreen:
    """A live table."""

    def __init__(self, live: Live, words: list[str], zone: ZoneInfo) -> None:
        """Keep where to draw."""
        self._live = live
        self._words = words
        self._zone = zone
        self._steps: list[str] = []

    def step(self, text: str) -> None:
        """See `Screen`."""
        self._steps.append(text)
        done = [Text(f"  done  {step}", style="dim") for step in self._steps[:-1]]
        self._draw(Group(*done, Text(f"  ...   {text}", style="bold")))

    def show(self, view: View) -> None:
        """See `Screen`."""
        self._draw(Group(self._schedule(view), Text(""), _cameras(view)))

    def _draw(self, body: Group) -> None:
        head = [Text("Kirdi demo", style="bold"), *(Text(one, style="dim") for one in self._words)]
        self._live.update(Padding(Group(*head, Text(""), body), (0, 1)), refresh=True)

    def _schedule(self, view: View) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("who", "appointment", "starts", "status", "seen", "score", ""):
            table.add_column(name, no_wrap=name != "")
        for line in view.lines:
            arrived = line.arrived_at is not None
            style = "bold green" if arrived else ("" if line.part is Part.APPOINTMENT else "dim")
            cells = (
                str(line.part),
                line.appointment_ref or "-",
                f"{line.starts_at.astimezone(self._zone):%H:%M}" if line.starts_at else "-",
                line.status or "-",
                f"{line.arrived_at.astimezone(self._zone):%H:%M:%S}" if line.arrived_at else "",
                f"{line.score:.3f}" if line.score is not None else "",
                _word(line),
            )
            table.add_row(*(Text(cell) for cell in cells), style=style)
        return table


def _word(line: Line) -> str:
    if line.arrived_at is None:
        return _WORD[line.part]
    return "came in" if line.part is Part.APPOINTMENT else "must not happen"


def _cameras(view: View) -> Group:
    rates = view.rates
    running = "" if view.running_s is None else f"   running {view.running_s:.0f} s"
    lines = [
        Text(_state(one), style="green" if one.status is CameraStatus.STREAMING else "yellow")
        for one in view.cameras
    ]
    totals = (
        f"frames a second: {rates.decoded:.1f} decoded, {rates.analysed:.1f} analysed, "
        f"{rates.dropped:.1f} dropped{running}"
    )
    return Group(*lines, Text(totals))


def _state(camera: CameraState) -> str:
    reason = f" ({camera.reason})" if camera.reason else ""
    return (
        f"camera {camera.camera_id} {camera.status}{reason}: {camera.decoded} frames decoded, "
        f"{camera.analysed} analysed, {camera.dropped} dropped"
    )
