"""`kirdi camera`: simulate a camera, probe a real one."""

import asyncio
import inspect
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streamer.commands.invocation import JsonOption, Rows, print_json, print_rows, say
from streamer.log import configure_logging

if TYPE_CHECKING:
    from streamer.simulator.fault_plan import FaultPlan
    from streamer.simulator.server import CameraSimulator

app = typer.Typer(help="Simulate a camera, or look at a real one.", no_args_is_help=True)


@app.command()
def simulate(
    files: Annotated[list[Path], typer.Argument(help="Video files, H.264 or H.265.")],
    port: Annotated[int, typer.Option(help="TCP port; 0 picks a free one.", max=65535)] = 8554,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    user: Annotated[
        str | None, typer.Option(help="NAME:PASSWORD that viewers must give (Digest or Basic).")
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Begin again at the end.")] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="NAME[=VALUE] of what is wrong with it; see `kirdi camera faults`."),
    ] = None,
    fault_after: Annotated[
        float, typer.Option(min=0.0, help="Seconds without the faults before they begin.")
    ] = 0.0,
    fault_for: Annotated[
        float | None, typer.Option(min=0.0, help="Seconds until the faults are over.")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="PEM certificate: speak rtsps, with --tls-key.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM key of the certificate.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve video files as an RTSP camera in real time, until interrupted.

    All files one after another are at /stream; each by itself is at /NAME. Every viewer starts at
    the beginning. Faults are for the test of whatever plays cameras: see docs/simulator.md.
    """
    from streamer.simulator.credentials import Credentials
    from streamer.simulator.fault_plan import FaultPlan
    from streamer.simulator.faults.catalogue import parse_faults
    from streamer.simulator.server import CameraSimulator
    from streamer.simulator.tls_files import TlsFiles

    if (tls_cert is None) != (tls_key is None):
        raise typer.BadParameter("--tls-cert and --tls-key go together; give both")
    plan = FaultPlan(parse_faults(fault or ()), fault_after, fault_for)
    if plan.faults and "--debug" not in sys.argv:
        # Who came, what went wrong and how often is why somebody simulates a fault.
        configure_logging(level="info")
    simulator = CameraSimulator(
        files,
        host=host,
        port=port,
        credentials=Credentials.parse(user) if user is not None else None,
        loop=loop,
        faults=plan.at_start,
        tls=TlsFiles(tls_cert, tls_key) if tls_cert is not None and tls_key is not None else None,
    )
    asyncio.run(_serve(simulator, plan, as_json))


@app.command()
def faults(as_json: JsonOption = False) -> None:
    """List what `kirdi camera simulate --fault` can do, with the default values."""
    from streamer.simulator.faults.catalogue import FAULTS, usage

    rows = [{"fault": usage(kind), "what": _summary(kind)} for kind in FAULTS]
    print_rows(Rows(("fault", "what"), rows), as_json, "")


@app.command()
def probe(
    url: Annotated[str, typer.Argument(help="rtsp://…; - reads it from standard input.")],
    transport: Annotated[Literal["tcp", "udp"], typer.Option(help="How media travels.")] = "tcp",
    timeout_s: Annotated[float, typer.Option("--timeout", min=0.1, max=120.0)] = 10.0,
    snapshot: Annotated[
        Path | None, typer.Option(help="Write the first picture here (.jpg or .png).")
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="rtsps: certificates (PEM) to trust.", exists=True)
    ] = None,
    insecure_tls: Annotated[
        bool, typer.Option("--insecure-tls", help="rtsps: take any certificate.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Look at a camera: codec, size, rate, GOP, time to the first frame."""
    from streamer.ingest.probe import probe as probe_stream

    if url == "-":
        # A password on a command line is there for every user of the machine to see.
        url = sys.stdin.readline().strip()
    seen = probe_stream(
        url, transport, timeout_s, snapshot, ca_file=ca_file, insecure_tls=insecure_tls
    )
    info = asdict(seen)
    rows = [info] if as_json else [{"what": key, "value": value} for key, value in info.items()]
    print_rows(Rows(("what", "value"), rows), as_json, "")


async def _serve(simulator: "CameraSimulator", plan: "FaultPlan", as_json: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await simulator.start()
    try:
        if as_json:
            print_json([{"url": url} for url in simulator.urls])
        else:
            # One a line: an address is copied whole.
            say("\n".join((*simulator.urls, "is served; Ctrl-C ends it")))
        sys.stdout.flush()
        await plan.follow(simulator.set_faults, stop)
        await stop.wait()
    finally:
        await simulator.stop()


def _summary(kind: type) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
