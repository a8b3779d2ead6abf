"""`kirdi demo`: the whole of it on a composed lobby, or on footage of one's own."""

import asyncio
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from streamer.clock import SystemClock
from streamer.commands.invocation import print_json, warn
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError
from streamer.loading import loading

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
    if seconds is not None and not seconds > 0:
        raise InputError(f"--for {seconds:g}: give a number of seconds above 0")
    with loading():
        import streamer.commands.demo_screen  # noqa: F401 - only loaded, used below
        from streamer.embedded.demo.demo import DemoOptions
        from streamer.embedded.demo.lobby import InterruptedDemoError

    options = DemoOptions(seconds, tuple(clip or ()))
    stream = sys.stderr if as_json else sys.stdout
    home = kirdi_home(os.environ)
    result, interrupted_by = asyncio.run(_demo(options, home, stream))
    warn(unexpected(result))
    kept = "" if clip else f"; the composed pictures are kept in {home / 'demo'}"
    for line in (*unseen(result), f"The demo has ended, nothing is left running{kept}."):
        stream.write(line + "\n")
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
        error = InterruptedDemoError(f"after {result.running_s:.0f} of {seconds:g} s")
        error.exit_code = 128 + interrupted_by
        raise error


def unexpected(result: "DemoResult") -> list[str]:
    """Warnings: who came in and must not, and who was shown from beginning to end and did not."""
    came = {row.appointment_ref for row in result.check_ins}
    wrong = sorted(came - set(result.expected))
    warnings = [f"checked in and should not be: {', '.join(wrong)}"] if wrong else []
    missing = _missing(result)
    if missing and _all_shown(result):
        warnings.append(f"not checked in, though the clip has run through: {missing}")
    return warnings


def unseen(result: "DemoResult") -> list[str]:
    """A line about those the clip had not shown yet, if any."""
    missing = _missing(result)
    if not missing or _all_shown(result):
        return []
    from streamer.embedded.demo.lobby import clip_seconds

    return [f"Not seen yet: {missing} (the clip is {clip_seconds():.0f} s long)."]


def _missing(result: "DemoResult") -> str:
    came = {row.appointment_ref for row in result.check_ins}
    return ", ".join(ref for ref in result.expected if ref not in came)


def _all_shown(result: "DemoResult") -> bool:
    from streamer.embedded.demo.lobby import clip_seconds

    return result.running_s >= clip_seconds()


async def _demo(
    options: "DemoOptions", home: Path, stream: IO[str]
) -> "tuple[DemoResult, signal.Signals]":
    from streamer.commands.demo_screen import open_screen
    from streamer.embedded.demo.demo import run_demo
    from streamer.embedded.demo.lobby import InterruptedDemoError

    stop, received = asyncio.Event(), []
    with open_screen(stream, own_footage=bool(options.clips)) as screen:

        def end(number: signal.Signals) -> None:
            received.append(number)
            stop.set()
            screen.stopping()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, end, number)
        try:
            result = await run_demo(options, home, SystemClock(), stop, screen)
        except InterruptedDemoError as error:
            error.exit_code = 128 + received[0]
            raise
    return result, received[0] if received else signal.SIGINT
