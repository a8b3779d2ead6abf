"""`kirdi bench`: how fast this machine does the work."""

import asyncio
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamer.commands.invocation import JsonOption, Rows, print_rows
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError, KirdiError

if TYPE_CHECKING:
    from streamer.bench.figures import PipelineFigures
    from streamer.bench.pipeline_benchmark import PipelineBenchmark

app = typer.Typer(help="Measure this machine.", no_args_is_help=True)

COLUMNS = (
    "cameras",
    "ratio",
    "fps_asked",
    "fps",
    "cpu_per_camera",
    "idle_cpu",
    "frames_dropped",
    "check_ins",
    "latency_p50_ms",
    "latency_p95_ms",
    "service_mb",
    "decoder_mb",
    "note",
)
_MOST_CAMERAS = 64


class InterruptedBenchmarkError(KirdiError):
    """Told to stop before the end."""

    exit_code = 130

    def __init__(self) -> None:
        """Say so."""
        super().__init__("benchmark: interrupted; nothing is left running")


@app.callback()
def _group() -> None:
    """Keep `pipeline` a subcommand although it is the only one."""


@app.command()
def pipeline(
    cameras: Annotated[
        list[str] | None,
        typer.Option(help="How many cameras; repeat it, or write 1,4,8, for several."),
    ] = None,
    clip: Annotated[
        Path | None, typer.Option(help="What the cameras show; else the demo's lobby.")
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="Length of each measurement.", min=1, max=600)
    ] = 30.0,
    analyse_fps: Annotated[
        float, typer.Option(help="Frames a second each camera analyses.", min=0.5, max=30)
    ] = 5.0,
    threads: Annotated[
        int, typer.Option(help="models.threads of the settings; 0 = from the machine.", max=64)
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure the whole service with simulated cameras, beside the bare libraries.

    Decoders, matcher, pipelines, check-ins, PostgreSQL and Redis are the real ones, in a throwaway
    home; the cameras run in a process of their own that is not counted. `ratio` is the CPU time of
    service and decoders over that of bare PyAV (decoding every frame, RGB of each analysed one) and
    bare ONNX Runtime (as many runs of the same models on inputs of the same shapes), measured in
    the same run, before and after. `cpu_per_camera` is CPU seconds per camera and second.

    Latency runs from the arrival of a frame's packet to the commit of the check-in it led to.
    People of the clip are enrolled from the clip itself and come to a new appointment every five
    seconds, among 300 patients who do not come; this times recognition and says nothing about its
    accuracy. In a clip without usable faces there is no latency. docs/benchmarks.md says more.
    """
    from streamer.bench.pipeline_benchmark import PipelineBenchmark

    counts = _counts(cameras or ["1"])
    models = _models_of(kirdi_home(os.environ))
    benchmark = PipelineBenchmark(counts, clip, seconds, analyse_fps, threads, models)
    rows = asyncio.run(_run(benchmark))
    print_rows(Rows(COLUMNS, [asdict(row) for row in rows]), as_json, "")


def _counts(given: list[str]) -> list[int]:
    """Read `--cameras`.

    Raises:
        InputError: Not a number of cameras.
    """
    counts = []
    for text in (part.strip() for one in given for part in one.split(",")):
        if not text.isdecimal() or not 1 <= int(text) <= _MOST_CAMERAS:
            raise InputError(
                f"--cameras {text}: write numbers from 1 to {_MOST_CAMERAS}, such as 1,4,8"
            )
        counts.append(int(text))
    return counts


def _models_of(home: Path) -> Path | None:
    """The model packs that are there already; without any, one is built in the throwaway home."""
    from streamer.recognition import models_folder

    folder = models_folder(home)
    return folder if folder.is_dir() else None


async def _run(benchmark: "PipelineBenchmark") -> "list[PipelineFigures]":
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        return await benchmark.run(lambda text: _tell(f"{text} …"))
    except asyncio.CancelledError as error:
        raise InterruptedBenchmarkError from error


def _tell(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()
