"""`kirdi bench`: how fast this machine does the work."""

import asyncio
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import typer

from streamer.commands.bench_columns import (
    INGEST_COLUMNS,
    MATCHER_COLUMNS,
    PEERS_COLUMNS,
    PIPELINE_COLUMNS,
    PROTECTION_COLUMNS,
    SCHEDULE_COLUMNS,
)
from streamer.commands.invocation import JsonOption, Rows, print_rows
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError
from streamer.loading import loading

app = typer.Typer(help="Measure this machine.", no_args_is_help=True)

_MOST_CAMERAS = 64
_MOST_APPOINTMENTS = 50_000
_MOST_TEMPLATES = 2_000_000

_Command = TypeVar("_Command", bound=Callable[..., None])
CamerasOption = Annotated[
    list[str] | None,
    typer.Option(help="How many cameras; repeat it, or write 1,4,8, for several."),
]
ClipOption = Annotated[
    Path | None, typer.Option(help="What the cameras show; else the demo's lobby.")
]
SecondsOption = Annotated[float, typer.Option(help="Length of each measurement.", min=1, max=600)]
AnalyseFpsOption = Annotated[
    float, typer.Option(help="Frames a second each camera analyses.", min=0.5, max=30)
]
PackOption = Annotated[
    str, typer.Option(help="The model pack; chosen = the one that `kirdi models use` chose.")
]
RepeatOption = Annotated[
    int,
    typer.Option(
        help="Measurements for each row: the median ratio is shown, with its range.", min=1, max=100
    ),
]


def _flowing(command: _Command) -> _Command:
    """Join the lines of each paragraph of its help, which is broken to fit the source."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    command.__doc__ = "\n\n".join(" ".join(text.split()) for text in paragraphs)
    return command


@app.command()
@_flowing
def pipeline(
    cameras: CamerasOption = None,
    clip: ClipOption = None,
    seconds: SecondsOption = 30.0,
    analyse_fps: AnalyseFpsOption = 5.0,
    threads: Annotated[
        int, typer.Option(help="models.threads of the settings; 0 = from the machine.", max=64)
    ] = 0,
    device: Annotated[
        Literal["cpu", "cuda"], typer.Option(help="models.device of the settings, on both sides.")
    ] = "cpu",
    repeat: RepeatOption = 1,
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
    with loading():
        from matcher.session import Hardware
        from streamer.bench.interruption import uninterrupted
        from streamer.bench.pipeline_benchmark import PipelineBenchmark

    counts = _counts(cameras or ["1"])
    home = kirdi_home(os.environ)
    benchmark = PipelineBenchmark(
        counts,
        clip,
        seconds,
        analyse_fps,
        home / "bench",
        Hardware(device, threads),
        _models_of(home),
        repeat=repeat,
    )
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(PIPELINE_COLUMNS, [asdict(row) for row in rows]), as_json, "")


@app.command()
@_flowing
def ingest(
    cameras: CamerasOption = None,
    clip: ClipOption = None,
    formats: Annotated[
        list[str] | None,
        typer.Option("--as", help="Size and rate to encode the clip in; repeat it for several."),
    ] = None,
    seconds: SecondsOption = 20.0,
    analyse_fps: AnalyseFpsOption = 5.0,
    repeat: RepeatOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Measure cameras and decoders alone, beside bare PyAV decoding the same frames.

    The clip is encoded anew (--as, by default 1280x720@15 and 1920x1080@25) and played by simulated
    cameras. `ratio` is the CPU time of supervisors, relays and decoders, handing over of frames
    included, over that of bare PyAV decoding as many of the same frames at the same time and pace.
    Latency runs from the arrival of a frame's packet until the service has the frame.
    docs/benchmarks.md says more.
    """
    with loading():
        from streamer.bench.ingest_benchmark import IngestBenchmark
        from streamer.bench.interruption import uninterrupted
        from streamer.bench.reencoded import Format

    counts = _counts(cameras or ["1"])
    wanted = [Format.parse(text) for text in formats or ["1280x720@15", "1920x1080@25"]]
    home = kirdi_home(os.environ)
    benchmark = IngestBenchmark(
        counts, wanted, clip, seconds, analyse_fps, home / "bench", _models_of(home), repeat
    )
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(INGEST_COLUMNS, [asdict(row) for row in rows]), as_json, "")


@app.command()
@_flowing
def matcher(
    pack: PackOption = "chosen",
    cameras: CamerasOption = None,
    templates: Annotated[
        list[str] | None,
        typer.Option(help="Sizes of the gallery; else 1000, 10000, 100000 and 1000000."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="Length of each measurement.", min=0.1, max=600)
    ] = 2.0,
    threads: Annotated[
        int, typer.Option(help="models.threads of the settings; 0 = from the machine.", max=64)
    ] = 0,
    device: Annotated[
        Literal["cpu", "cuda"], typer.Option(help="models.device of the settings, on both sides.")
    ] = "cpu",
    repeat: RepeatOption = 3,
    as_json: JsonOption = False,
) -> None:
    """Measure finding, embedding and searching, each beside the bare library on the same input.

    Detector and embedder run on a photograph of six people, beside ONNX Runtime on exactly the
    batches they give it, in int8 too where that is built; the search beside NumPy's bare product of
    the same vectors, and beside faiss where that is installed; and 1 to 16 cameras look at the
    photograph at once through one matcher. `ratio` is throughput over that of the bare library,
    which takes turns with ours; for cameras it is CPU time of the same runs of the networks over
    all that was used.

    docs/benchmarks.md says more.
    """
    with loading():
        from matcher.session import Hardware
        from streamer.bench.interruption import uninterrupted
        from streamer.bench.matcher_benchmark import MatcherBenchmark

    home = kirdi_home(os.environ)
    benchmark = MatcherBenchmark(
        pack,
        _counts(cameras or ["1,4,8,16"]),
        _numbers(
            "--templates", templates or ["1000,10000,100000,1000000"], _MOST_TEMPLATES, "100,1000"
        ),
        seconds,
        repeat,
        home / "bench",
        Hardware(device, threads),
        _models_of(home),
    )
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(MATCHER_COLUMNS, [asdict(row) for row in rows]), as_json, "")


@app.command()
@_flowing
def peers(
    pack: PackOption = "chosen",
    people: Annotated[
        Path | None,
        typer.Option(help="CSV with columns clip and person; else the demo's lobby."),
    ] = None,
    analyse_fps: AnalyseFpsOption = 5.0,
    threads: Annotated[
        int, typer.Option(help="models.threads of the settings; 0 = from the machine.", max=64)
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure Kirdi's pipeline beside what people otherwise write, on the same frames.

    The others are a loop over OpenCV with the same two models, one face at a time, and a loop over
    the `face_recognition` library at its default tolerance, or over dlib as that library calls it
    where it cannot be imported. Everybody is enrolled from the same photos. `visits_found` are the
    people recognised of those who come in, `visits_false` people named who are not there. With
    --people each person is enrolled from their last clip and comes into all their others.
    docs/benchmarks.md says more.
    """
    with loading():
        from streamer.bench.interruption import uninterrupted
        from streamer.bench.peers.peers_benchmark import PeersBenchmark

    home = kirdi_home(os.environ)
    benchmark = PeersBenchmark(pack, people, analyse_fps, home / "bench", threads, _models_of(home))
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(PEERS_COLUMNS, [asdict(row) for row in rows]), as_json, "")


@app.command()
@_flowing
def schedule(
    appointments: Annotated[
        list[str] | None,
        typer.Option(help="Appointments a day of a site; else 1500 and 15000."),
    ] = None,
    repeat: Annotated[
        int, typer.Option(help="How often each change is made.", min=1, max=1000)
    ] = 20,
    as_json: JsonOption = False,
) -> None:
    """Measure how soon a large site's gallery and schedule follow a change, and what that costs.

    A site of 20,000 patients for every 1,500 appointments a day is written to a throwaway database.
    Somebody else then withdraws a consent, cancels an appointment, changes a whole day; midnight
    comes; Redis is emptied, filled with garbage and taken away; people check in with the change
    feed's triggers and without. `ratio` compares the 95th percentile with the row it took turns
    with: matches with Redis up, check-ins that are not told. docs/benchmarks.md says more.
    """
    with loading():
        from streamer.bench.interruption import uninterrupted
        from streamer.bench.schedule.schedule_benchmark import ScheduleBenchmark

    counts = _numbers(
        "--appointments", appointments or ["1500,15000"], _MOST_APPOINTMENTS, "1500,15000"
    )
    benchmark = ScheduleBenchmark(counts, repeat, kirdi_home(os.environ) / "bench")
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(SCHEDULE_COLUMNS, [asdict(row) for row in rows]), as_json, "")


@app.command()
def protection(
    templates: Annotated[
        int, typer.Option(help="Visitors of the day, a template each.", min=120, max=20_000)
    ] = 1500,
    at_once: Annotated[int, typer.Option(help="Check-ins in flight.", min=1, max=50)] = 8,
    as_json: JsonOption = False,
) -> None:
    """Measure what audit and encryption cost.

    Visitors of a day are written to a throwaway database. Their gallery is read with the audit and
    decrypted, beside the bare rows; they are checked in with the audit, beside the same transaction
    without it, in turns. `ratio` is the time with over the time without, a round each.
    docs/benchmarks.md says more.
    """
    with loading():
        from streamer.bench.interruption import uninterrupted
        from streamer.bench.protection.protection_benchmark import ProtectionBenchmark

    benchmark = ProtectionBenchmark(templates, at_once, kirdi_home(os.environ) / "bench")
    rows = asyncio.run(uninterrupted(benchmark.run(_tell)))
    print_rows(Rows(PROTECTION_COLUMNS, [asdict(row) for row in rows]), as_json, "")


def _counts(given: list[str]) -> list[int]:
    """Read `--cameras`.

    Raises:
        InputError: Not a number of cameras.
    """
    return _numbers("--cameras", given, _MOST_CAMERAS, "1,4,8")


def _numbers(option: str, given: list[str], most: int, example: str) -> list[int]:
    """Read whole numbers, several in one value or the option repeated.

    Raises:
        InputError: Another text, or a number out of bounds.
    """
    counts = []
    for text in (part.strip() for one in given for part in one.split(",")):
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise InputError(
                f"{option} {text!r}: write numbers from 1 to {most}, such as {example}"
            )
        counts.append(int(text))
    return counts


def _models_of(home: Path) -> Path | None:
    """The model packs that are there already; without any, one is built in the throwaway home."""
    from streamer.models_folder import models_folder

    folder = models_folder(home)
    return folder if folder.is_dir() else None


def _tell(text: str) -> None:
    sys.stderr.write(f"bench: {text} …\n")
    sys.stderr.flush()
