"""`kirdi incident`: what a breach of personal data asks for, at once."""

import asyncio
import os
import shutil
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    print_json,
    read_settings,
    say,
)
from streamer.domain.incident import Breach, IncidentFacts, Scope
from streamer.domain.working_days import one_working_day_after
from streamer.embedded.home import kirdi_home
from streamer.errors import InputError, KirdiError

app = typer.Typer(help="What a breach of personal data asks for.", no_args_is_help=True)

_LIST = "affected.sealed"
_TIME = "a time such as 2026-11-30T09:00, in the site's zone"


@app.command()
def report(
    from_: Annotated[str, typer.Option("--from", help=f"When it began: {_TIME}.")],
    to: Annotated[str, typer.Option("--to", help="When it was over.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A folder that does not exist yet.")
    ],
    what: Annotated[
        list[Breach] | None,
        typer.Option(
            "--what", help="What came into wrong hands; repeatable. Else keys and database."
        ),
    ] = None,
    found: Annotated[
        str, typer.Option("--found", help="When it was found, which the term runs from; else now.")
    ] = "",
    camera: Annotated[
        list[str] | None, typer.Option("--camera", help="With --what camera: only this one.")
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option("--account", help="With --what account: whose it is.")
    ] = None,
    responsible: Annotated[
        str, typer.Option("--responsible", help="Who answers for personal data, with contact.")
    ] = "",
    measures: Annotated[
        str, typer.Option("--measures", help="What was done about it; stands in every paper.")
    ] = "",
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who is affected, and write letters, the authority's notice, a report, and their list.

    The list is sealed; the secret that opens it is printed once. The texts are drafts for your
    counsel, in three languages.
    """
    settings = read_settings(config)
    breaches = tuple(dict.fromkeys(what or (Breach.KEYS, Breach.DATABASE)))
    scope = _scope(
        settings, (from_, to, found), breaches, tuple(camera or ()), tuple(account or ())
    )
    if output.exists() or output.is_symlink():
        raise InputError(f"{output}: exists already; name a folder that does not")
    facts = asyncio.run(_facts(settings, scope, acting(settings, by).name))
    secret, due = _write(facts, output, settings, responsible, measures)
    _tell(facts, output, secret, due, as_json)


@app.command("open")
def open_(
    file: Annotated[Path, typer.Argument(help=f"A {_LIST} of `kirdi incident report`.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A file that does not exist yet; mode 0600.")
    ],
) -> None:
    """Open a sealed list; the secret is asked for, or read from standard input."""
    from streamer.crypto.sealed_file import open_file
    from streamer.exchange.private_file import refuse_existing, write_private

    refuse_existing(output)
    try:
        sealed = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    asked = sys.stdin.isatty()
    secret = typer.prompt("Secret", hide_input=True) if asked else sys.stdin.readline()
    write_private(output, open_file(sealed, secret))
    say(f"Wrote {output}. It names people: delete it when they have been told.")


def _scope(
    settings: Settings,
    times: tuple[str, str, str],
    what: tuple[Breach, ...],
    cameras: tuple[str, ...],
    accounts: tuple[str, ...],
) -> Scope:
    begins = _moment("--from", times[0], settings)
    ends = _moment("--to", times[1], settings)
    if _is_day(times[1]):
        # A day without a time means the whole of it.
        ends = datetime.combine(ends.date() + timedelta(days=1), time(), ends.tzinfo)
    now = SystemClock().now()
    if _is_day(times[1]) and begins < now < ends:
        ends = now
    found_at = _moment("--found", times[2], settings) if times[2] else now
    if begins >= ends:
        raise InputError("--to: is not after --from; correct one of them")
    if ends > now:
        raise InputError("--to: lies in the future; nobody knows yet whom it will have concerned")
    if found_at > now:
        raise InputError("--found: lies in the future; correct it")
    if (Breach.ACCOUNT in what) != bool(accounts):
        raise InputError("--what account and --account NAME go together; give both or neither")
    if cameras and Breach.CAMERA not in what:
        raise InputError("--camera goes with --what camera; give both or neither")
    return Scope(begins, ends, found_at, what, cameras, accounts)


def _moment(option: str, text: str, settings: Settings) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{option} {text}: no time; write {_TIME}") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=settings.site.zone)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{kind}: {count}" for kind, count in counts.items())


def _write(
    facts: IncidentFacts, folder: Path, settings: Settings, responsible: str, measures: str
) -> tuple[str, datetime]:
    """Write the papers; return the list's secret, and by when the notice is due."""
    from streamer.crypto.sealed_file import seal_file
    from streamer.exchange.incident_papers import Particulars, list_of_affected, papers
    from streamer.exchange.private_file import write_private

    site = settings.site
    due = one_working_day_after(facts.scope.found_at, site.holidays, site.zone)
    operator = settings.consent.operator or site.name
    contact = responsible or settings.consent.contact or ""
    made = papers(facts, Particulars(operator, contact, measures, due))
    sealed, secret = seal_file(list_of_affected(facts))
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise KirdiError(f"{folder}: cannot be made ({error.strerror})") from error
    try:
        for name, content in (made | {_LIST: sealed}).items():
            write_private(folder / name, content)
    except KirdiError:
        # Half of the papers would be worse than none.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return secret, due


async def _facts(settings: Settings, scope: Scope, by: str) -> IncidentFacts:
    from streamer.backend import open_backend

    clock = SystemClock()
    async with open_backend(settings, kirdi_home(os.environ), clock) as backend:
        return await backend.incident_records.facts(scope, by, clock.now())


def _tell(facts: IncidentFacts, output: Path, secret: str, due: datetime, as_json: bool) -> None:
    counts = {one.value: count for one, count in facts.by_breach.items()}
    if as_json:
        print_json(
            [
                {
                    "incident": facts.incident_id,
                    "folder": output,
                    "affected": len(facts.affected) + facts.erased,
                    "erased": facts.erased,
                    "by_breach": counts,
                    "notice_due": due,
                    "secret": secret,
                }
            ]
        )
        return
    say(f"Affected: {len(facts.affected) + facts.erased} ({_said(counts)}).")
    if facts.erased:
        say(f"Erased since, so that nobody knows who they are: {facts.erased}.")
    say(f"The authority must have its notice by {due:%A, %Y-%m-%d %H:%M}: see notice.ru.pdf.")
    say(f"Everything is in {output}; the list of people is sealed in {_LIST}. Its secret, shown")
    say(f"once: {secret}")
    say(f"    kirdi incident open {output / _LIST} -o affected.csv")
    say("Letters and notice are drafts: let your counsel read them before they are sent.")
