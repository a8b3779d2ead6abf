"""`kirdi bench viewers`: what looking at cameras costs. Added to the group of `bench` by `cli`."""

import asyncio
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from streamer.commands.invocation import JsonOption, Rows, print_rows
from streamer.embedded.home import kirdi_home
from streamer.loading import loading

COLUMNS = (
    "viewers",
    "mbit_s",
    "fps",
    "fps_least",
    "cpu_per_viewer",
    "bare_cpu",
    "ratio",
    "cpu_more",
    "delay_p50_ms",
    "delay_p95_ms",
    "analysed_fps",
    "dropped",
    "service_mb",
    "stalled_mb",
    "idle_cpu",
)


def viewers(
    viewers: Annotated[
        list[int] | None,
        typer.Option(
            help="How many look; repeat it for several rows; else 1, 5, 10 and 20.", min=1, max=32
        ),
    ] = None,
    clip: Annotated[
        Path | None, typer.Option(help="What the camera shows; else the demo's lobby.")
    ] = None,
    wanted: Annotated[str, typer.Option("--as", help="What it sends.")] = "1280x720@15",
    seconds: Annotated[float, typer.Option(help="Length of each row.", min=5, max=600)] = 15.0,
    analyse_fps: Annotated[
        float, typer.Option(help="Frames a second that are analysed.", min=0.5, max=30)
    ] = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Measure live viewing, beside aiortc encoding the same pictures for a viewer.

    The service, its decoder and its models are the real ones, in a throwaway home; camera and
    viewers run in processes of their own that are not counted. The delay is read from a clock in
    the picture.
    """
    with loading():
        from streamer.bench.interruption import uninterrupted
        from streamer.bench.reencoded import Format
        from streamer.bench.viewers.viewers_benchmark import ViewersBenchmark
        from streamer.models_folder import models_folder

    home = kirdi_home(os.environ)
    models = models_folder(home)
    benchmark = ViewersBenchmark(
        sorted(viewers or [1, 5, 10, 20]),
        Format.parse(wanted),
        clip,
        seconds,
        analyse_fps,
        home / "bench",
        models if models.is_dir() else None,
    )
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(COLUMNS, [asdict(row) for row in rows]), as_json, "")


def _tell(text: str) -> None:
    sys.stderr.write(f"bench: {text} …\n")
    sys.stderr.flush()
