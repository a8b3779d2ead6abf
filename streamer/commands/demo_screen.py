"""Draws a demo: a live table on a terminal, a line per event elsewhere. Used by `demo`."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from typing import IO

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from streamer.domain.camera_state import CameraState, CameraStatus
from streamer.embedded.demo.cast import Part
from streamer.embedded.demo.clinic import demo_settings
from streamer.embedded.demo.demo import Screen
from streamer.embedded.demo.lobby import clip_seconds
from streamer.embedded.demo.view import Line, View

_LOBBY = (
    "This shows the plumbing, not accuracy: everybody in this lobby is pasted in from the very "
    "photograph they were enrolled from. The clip is {seconds:.0f} s long and repeats."
)
_FOOTAGE = (
    "This shows the plumbing, not accuracy: the gallery holds four people of other pictures, so "
    "nobody in your footage should arrive."
)
_WORD = {
    Part.APPOINTMENT: "waiting for the camera to see them",
    Part.NO_APPOINTMENT: "not in the gallery: stays unknown",
    Part.WITHDREW: "not in the gallery: template deleted",
    Part.STRANGER: "unknown: nothing of them is kept",
}
_STOPPING = "stopping …"
_CONSOLE = "Console: {address}  account {account}  password {password}"


@contextmanager
def open_screen(stream: IO[str], *, own_footage: bool) -> Iterator[Screen]:
    """What suits the stream: a live table on a terminal, else lines."""
    zone = demo_settings().site.zone
    lines = words(own_footage=own_footage)
    console = Console(file=stream)
    if not console.is_terminal:
        yield LineScreen(stream, lines, zone)
        return
    with Live(console=console, auto_refresh=False, transient=False) as live, _log_above():
        yield TableScreen(live, lines, zone)


@contextmanager
def _log_above() -> Iterator[None]:
    """Log through the standard error that `Live` puts in place: past it, lines tear the table."""
    handlers = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    before = [handler.setStream(sys.stderr) for handler in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, before, strict=True):
            if stream is not None:
                handler.setStream(stream)


def words(*, own_footage: bool) -> list[str]:
    """What is said above everything: what this shows, and with which settings."""
    settings = demo_settings()
    return [
        _FOOTAGE if own_footage else _LOBBY.format(seconds=clip_seconds()),
        f"Settings: the defaults, but match.auto_arrive: {settings.match.auto_arrive}, "
        f"recognition.mode: {settings.recognition.mode}. At a site that has not calibrated, "
        f"a person looks at every match. Site time: {settings.site.time_zone}. Ctrl-C ends it.",
    ]


class LineScreen:
    """A line per event."""

    def __init__(self, stream: IO[str], head: list[str], zone: tzinfo) -> None:
        """Say first what this is."""
        self._stream = stream
        self._zone = zone
        self._began = time.monotonic()
        self._arrived: set[str] = set()
        self._cameras: dict[str, CameraStatus] = {}
        self._stopping = False
        self._address: str | None = None
        for line in head:
            self._say(line)

    def step(self, text: str) -> None:
        """See `Screen`."""
        self._say(text)

    def show(self, view: View) -> None:
        """See `Screen`."""
        if view.address is not None and view.address != self._address:
            self._address = view.address
            self._say(_console(view))
        for camera in view.cameras:
            if view.ended or self._cameras.get(camera.camera_id) is not camera.status:
                self._cameras[camera.camera_id] = camera.status
                self._say(_state(camera, view.ended))
        for line in view.lines:
            if line.arrived_at is not None and line.appointment_ref not in self._arrived:
                self._arrived.add(str(line.appointment_ref))
                at = line.arrived_at.astimezone(self._zone)
                self._say(
                    f"{line.appointment_ref} {line.status}: patient {line.patient_ref}, seen "
                    f"{at:%H:%M:%S}, score {line.score or 0.0:.3f} ({line.part})"
                )

    def stopping(self) -> None:
        """See `Screen`."""
        if not self._stopping:
            self._stopping = True
            self._say(_STOPPING)

    def _say(self, text: str) -> None:
        self._stream.write(f"[demo {time.monotonic() - self._began:5.1f} s] {text}\n")
        self._stream.flush()


class TableScreen:
    """A live table. What it draws never fills the last line: an echoed `^C` must not wrap there."""

    def __init__(self, live: Live, head: list[str], zone: tzinfo) -> None:
        """Keep where to draw."""
        self._live = live
        self._head = [Text("Kirdi demo", style="bold"), *(Text(one, style="dim") for one in head)]
        self._zone = zone
        self._steps: list[str] = []
        self._body = Group()
        self._tail = ""

    def step(self, text: str) -> None:
        """See `Screen`."""
        self._steps.append(text)
        done = [_line(f"  done  {step}", "dim") for step in self._steps[:-1]]
        self._draw(Group(*done, _line(f"  ...   {text}", "bold")))

    def show(self, view: View) -> None:
        """See `Screen`."""
        if view.ended:
            self._tail = ""
        wide = self._live.console.width >= _WITH_WORDS
        address = () if view.address is None else (_line(_console(view), ""),)
        schedule = _schedule(view, self._zone, wide=wide)
        self._draw(Group(schedule, Text(""), *_cameras(view), *address))

    def stopping(self) -> None:
        """See `Screen`."""
        self._tail = _STOPPING
        self._draw(self._body)

    def _draw(self, body: Group) -> None:
        self._body = body
        whole = Group(*self._head, Text(""), body, Text(self._tail, style="bold"))
        self._live.update(whole, refresh=True)


# As wide as the widest cell of each will be, so that nothing moves when somebody arrives.
_WIDTHS = {"who": 29, "appointment": 11, "starts": 6, "status": 7, "seen": 8, "score": 5}
_WITH_WORDS = sum(_WIDTHS.values()) + 2 * len(_WIDTHS) + max(map(len, _WORD.values()))


def _schedule(view: View, zone: tzinfo, *, wide: bool) -> Table:
    """The table of who is who: 76 columns, and where it may be wide what to make of each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, width in _WIDTHS.items():
        table.add_column(name, no_wrap=True, min_width=width)
    if wide:
        table.add_column("", no_wrap=True)
    for line in view.lines:
        cells = [
            str(line.part),
            line.appointment_ref or "-",
            f"{line.starts_at.astimezone(zone):%H:%M}" if line.starts_at else "-",
            line.status or "-",
            f"{line.arrived_at.astimezone(zone):%H:%M:%S}" if line.arrived_at else "",
            f"{line.score:.3f}" if line.score is not None else "",
        ]
        if wide:
            cells.append(_word(line))
        table.add_row(*(Text(cell) for cell in cells), style=_style(line))
    return table


def _word(line: Line) -> str:
    if line.arrived_at is None:
        return _WORD[line.part]
    return "came in" if line.part is Part.APPOINTMENT else "must not happen"


def _console(view: View) -> str:
    assert view.visitor is not None
    account, password = view.visitor
    return _CONSOLE.format(address=view.address, account=account, password=password)


def _style(line: Line) -> str:
    if line.part is Part.APPOINTMENT:
        return "" if line.arrived_at is None else "bold green"
    return "dim" if line.arrived_at is None else "bold red"


def _cameras(view: View) -> list[Text]:
    lines = []
    for camera in view.cameras:
        streaming = camera.status is CameraStatus.STREAMING
        style = "" if view.ended else "green" if streaming else "yellow"
        lines.append(_line(_state(camera, view.ended), style))
    running = "" if view.running_s is None else f"running {view.running_s:.0f} s"
    if view.ended:
        return lines
    rates = view.rates
    totals = (
        f"frames a second: {rates.decoded:.1f} decoded, {rates.analysed:.1f} analysed, "
        f"{rates.dropped:.1f} dropped   {running}"
    )
    return [*lines, _line(totals, "")]


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _state(camera: CameraState, ended: bool) -> str:
    status = "stopped with the demo" if ended else camera.status
    # Last, since a narrow terminal cuts it.
    reason = f" ({camera.reason})" if camera.reason and not ended else ""
    return (
        f"camera {camera.camera_id} {status}: {camera.decoded} frames decoded, "
        f"{camera.analysed} analysed, {camera.dropped} dropped{reason}"
    )
