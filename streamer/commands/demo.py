"""`kirdi demo`: the whole of it on a composed lobby, or on footage of one's own."""

import asyncio
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamer.clock import SystemClock
from streamer.commands.invocation import print_json, warn
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError

if TYPE_CHECKING:
    from streamer.embedded.demo.demo import DemoOptions, DemoResult

ForOption = Annotated[
    float | None,
    typer.Option(
        "--for", metavar="SECONDS", help="End so long after the first analysed frame.", max=86_400.0
    ),
]
ClipOption = Annotated[
    list[Path] | None,
    typer.Option("--clip", help="Own footage (H.264, H.265) instead of the lobby; repeatable."),
]
ResultOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object at the end; progress to stderr.")
]


def demo(seconds: ForOption = None, clip: ClipOption = None, as_json: ResultOption = False) -> None:
    """Show everything at work on a composed lobby, until interrupted.

    It shows the plumbing, not accuracy. A database of its own is made and removed again.
    """
    from streamer.embedded.demo.demo import DemoOptions

    if seconds is not None and not seconds > 0:
        raise InputError(f"--for {seconds:g}: give a number of seconds above 0")
    options = DemoOptions(seconds, tuple(clip or ()))
    result, interrupted_by = asyncio.run(_demo(options, as_json))
    came = [row.appointment_ref for row in result.check_ins]
    if result.finished and sorted(came) != sorted(result.expected):
        warn([f"check-ins {_names(came)}, expected {_names(result.expected)}"])
    if as_json:
        print_json(
            {
                "check_ins": [asdict(row) for row in result.check_ins],
                "expected": list(result.expected),
                "frames_decoded": sum(camera.decoded for camera in result.cameras),
                "frames_analysed": sum(camera.analysed for camera in result.cameras),
                "frames_dropped": sum(camera.dropped for camera in result.cameras),
            }
        )
    if seconds is not None and not result.finished:
        raise typer.Exit(128 + interrupted_by)


def _names(refs: list[str] | tuple[str, ...]) -> str:
    return ", ".join(refs) or "none"


async def _demo(options: "DemoOptions", as_json: bool) -> "tuple[DemoResult, int]":
    from streamer.commands.demo_screen import open_screen
    from streamer.embedded.demo.demo import run_demo

    stop, received = asyncio.Event(), []

    def end(number: int) -> None:
        received.append(number)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, number)
    stream = sys.stderr if as_json else sys.stdout
    with open_screen(stream, own_footage=bool(options.clips)) as screen:
        result = await run_demo(options, kirdi_home(os.environ), SystemClock(), stop, screen)
    return result, received[0] if received else signal.SIGINT
