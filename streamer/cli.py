"""The `kirdi` command: collects the groups of commands and turns errors into one line each."""

import signal
import sys
import traceback
from importlib.metadata import version as installed_version
from types import FrameType
from typing import Annotated, NoReturn

import typer

from config.errors import ConfigError
from matcher.errors import MatcherError
from streamer.commands import (
    appointments,
    audit,
    backup,
    bench,
    camera,
    cameras,
    check_ins,
    claims,
    codes,
    config,
    confirmations,
    consents,
    db,
    desk,
    devices,
    incident,
    jobs,
    models,
    patients,
    presences,
    report,
    report_replies,
    retention,
    review,
    tokens,
    users,
    vault,
)
from streamer.commands.bench_codes import codes as bench_codes
from streamer.commands.bench_console import console as bench_console
from streamer.commands.bench_reports import reports as bench_reports
from streamer.commands.bench_viewers import viewers as bench_viewers
from streamer.commands.demo import demo
from streamer.commands.evaluate import evaluate
from streamer.commands.health import health
from streamer.commands.invocation import JsonOption, print_json, say
from streamer.commands.patient_rights import erase, export
from streamer.commands.report_deliveries import deliveries
from streamer.commands.report_schedules import app as report_schedules
from streamer.commands.run import run
from streamer.commands.status import status
from streamer.errors import KirdiError
from streamer.hardening import forbid_core_dumps
from streamer.log import configure_logging

_INTERRUPTED = 130

app = typer.Typer(
    name="kirdi",
    help="Passive check-in for polyclinics.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(patients.app, name="patients")
app.add_typer(consents.app, name="consents")
app.add_typer(appointments.app, name="appointments")
app.add_typer(check_ins.app, name="check-ins")
app.add_typer(claims.app, name="claims")
app.add_typer(confirmations.app, name="confirmations")
app.add_typer(codes.app, name="codes")
app.add_typer(presences.app, name="presences")
app.add_typer(review.app, name="review")
app.add_typer(desk.app, name="desk")
app.add_typer(models.app, name="models")
app.add_typer(camera.app, name="camera")
app.add_typer(cameras.app, name="cameras")
app.add_typer(config.app, name="config")
app.add_typer(audit.app, name="audit")
app.add_typer(db.app, name="db")
app.add_typer(incident.app, name="incident")
app.add_typer(jobs.app, name="jobs")
app.add_typer(report.app, name="report")
report.app.add_typer(report_replies.app, name="reply")
report.app.command("deliveries")(deliveries)
report.app.add_typer(report_schedules, name="schedules")
app.add_typer(retention.app, name="retention")
app.add_typer(vault.app, name="vault")
app.add_typer(backup.app, name="backup")
app.add_typer(bench.app, name="bench")
app.add_typer(users.app, name="users")
app.add_typer(tokens.app, name="tokens")
app.add_typer(devices.app, name="devices")
bench.app.command("codes")(bench_codes)
bench.app.command("viewers")(bench_viewers)
bench.app.command("console")(bench_console)
bench.app.command("reports")(bench_reports)
patients.app.command()(export)
patients.app.command()(erase)
app.command()(run)
app.command()(demo)
app.command()(health)
app.command()(status)
app.command()(evaluate)
app.command()(cameras.reload)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Passive check-in for polyclinics."""
    configure_logging(level="debug" if debug else "warning")


@app.command()
def version(as_json: JsonOption = False) -> None:
    """Print the version."""
    number = installed_version("kirdi")
    if as_json:
        print_json([{"version": number}])
    else:
        say(f"kirdi {number}")


def main() -> None:
    """Run the command line; the exit codes are those of docs/exit-codes.md."""
    termination = _Termination()
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, termination)
        forbid_core_dumps()
        app(prog_name="kirdi")
    except KeyboardInterrupt:
        termination.end_interrupted()
    except SystemExit as end:
        # 130 is what Typer makes of Ctrl-C, without a word.
        if termination.came or end.code == _INTERRUPTED:
            termination.end_interrupted()
        raise
    except (KirdiError, MatcherError, ConfigError) as error:
        if "--debug" in sys.argv:
            traceback.print_exc()
        sys.stderr.write(f"kirdi: {error}\n")
        sys.exit(error.exit_code)


class _Termination:
    """Makes SIGTERM end a command as Ctrl-C does, so that what it started is stopped.

    `run` and `camera simulate` take SIGTERM their own way.
    """

    def __init__(self) -> None:
        self.came = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        signal.raise_signal(signal.SIGINT)

    def end_interrupted(self) -> NoReturn:
        sys.stderr.write("kirdi: interrupted\n")
        sys.exit(143 if self.came else _INTERRUPTED)


if __name__ == "__main__":
    main()
