"""`kirdi backup`: making a backup, and restoring it without bringing back what was erased since."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.settings import Settings
from streamer.acting import acting
from streamer.clock import SystemClock
from streamer.commands.by_option import ByOption
from streamer.commands.invocation import ConfigOption, JsonOption, print_json, read_settings, say
from streamer.domain.actor import Actor
from streamer.embedded.home import kirdi_home

if TYPE_CHECKING:
    from streamer.backup.manifest import Manifest
    from streamer.backup.restored_accounts import RestoredAccounts
    from streamer.backup.restored_audit import RestoredAudit
    from streamer.backup.restoring import Restored, RestoreWish

app = typer.Typer(help="Back the database up, and restore it.", no_args_is_help=True)

RegisterOption = Annotated[
    list[Path] | None,
    typer.Option("--register", help="Folder with a register of erasures; may be given repeatedly."),
]

KeepOption = Annotated[
    list[str] | None,
    typer.Option(
        "--keep-account",
        metavar="NAME",
        help="An account that may sign in at once, with the roles and the password of the backup; "
        "all others are disabled. May be given repeatedly.",
    ),
]


@app.command()
def create(
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a dump of the database, while everything goes on.

    The key is not in it, and must not be kept beside it.
    """
    settings = read_settings(config)
    manifest = asyncio.run(_create(settings, folder.absolute(), acting(settings, by)))
    if as_json:
        print_json([asdict(manifest) | {"folder": folder}])
        return
    size = sum(one.size for one in manifest.files.values())
    say(f"Backed up into {folder}: {size / 1e6:.1f} MB.")
    keys = " and ".join(manifest.key_ids)
    say(f"It can be restored with key {keys} only, which is not in it: keep them apart.")
    if not settings.backup.register_copies:
        say(
            "The register of erasures is on this machine alone: set backup.register_copies, or "
            "whoever withdraws from now on may come back with this backup."
        )


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="What `kirdi backup create` made.")],
    register: RegisterOption = None,
    without_register: Annotated[
        bool,
        typer.Option(
            "--without-register",
            help="Though nobody knows who withdrew after the backup: they will be recognised.",
        ),
    ] = False,
    keep_account: KeepOption = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load a backup into an empty database, and erase again what was erased since.

    Accounts are disabled, sessions and tokens end, tablets are paired anew: whoever left since must
    not be back.

    Until all is done the service and all other commands refuse the database. Interrupted or
    killed, it goes on where it was when it is run again.
    """
    from streamer.backup.restoring import restore_backup

    settings = read_settings(config)
    wish = _wish(folder, register, without_register, keep_account, acting(settings, by))
    home = kirdi_home(os.environ)
    _print(asyncio.run(restore_backup(settings, home, wish, SystemClock())), as_json)


@app.command()
def settle(
    register: RegisterOption = None,
    keep_account: KeepOption = None,
    by: ByOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase again what the register names, in a database that was restored by other means."""
    from streamer.backup.restoring import settle_database

    settings = read_settings(config)
    wish = _wish(Path(), register, False, keep_account, acting(settings, by))
    home = kirdi_home(os.environ)
    _print(asyncio.run(settle_database(settings, home, wish, SystemClock())), as_json)


def _wish(
    folder: Path,
    registers: list[Path] | None,
    without_register: bool,
    keep: list[str] | None,
    by: Actor,
) -> "RestoreWish":
    from streamer.backup.restoring import RestoreWish

    given = tuple(one.absolute() for one in registers or ())
    return RestoreWish(folder.absolute(), given, without_register, by, tuple(keep or ()))


def _print(restored: "Restored", as_json: bool) -> None:
    if as_json:
        print_json([asdict(restored)])
        return
    if restored.taken_at is not None:
        say(f"Restored as of {restored.taken_at:%Y-%m-%d %H:%M} UTC.")
    if restored.complete_to is None:
        say(
            "Without a register of erasures: withdraw again whoever withdrew since, before the "
            "service is started."
        )
    else:
        settled = restored.settled
        say(
            f"What was withdrawn until {restored.complete_to:%Y-%m-%d %H:%M} UTC is erased again: "
            f"{settled.patients} patient(s), {len(settled.receipts)} receipt(s). Withdraw by hand "
            "what was withdrawn later than that, if anything was."
        )
    for patient_id in restored.settled.by_hand:
        say(
            f"Patient {patient_id} wished to be erased and signed for others: nobody is recognised "
            f"as them; see to the others, then run `kirdi patients erase {patient_id}`."
        )
    for line in _on_accounts(restored.accounts):
        say(line)
    for line in _on_audit(restored.audit):
        say(line)
    if restored.obstacle is not None:
        say(f"In the database's log it is still: {restored.obstacle}.")


def _on_accounts(accounts: "RestoredAccounts") -> Iterator[str]:
    if accounts.disabled:
        yield (
            f"Disabled accounts: {', '.join(accounts.disabled)}. Enable those of people who are "
            "still here and may what they might then: kirdi users list, kirdi users enable NAME. "
            "Their passwords are those of the backup, too."
        )
    if accounts.kept:
        yield (
            f"Not disabled: {', '.join(accounts.kept)}. They have the roles and the password of "
            "the backup: give a new one by kirdi users password NAME."
        )
    if accounts.unknown:
        yield f"There are no accounts named {', '.join(accounts.unknown)}."


def _on_audit(audit: "RestoredAudit | None") -> Iterator[str]:
    if audit is None:
        yield (
            "The audit ends where what was restored does: docs/audit.md says what to do about the "
            "checkpoints that know more."
        )
    elif audit.findings:
        yield "The audit is not as it was written, or not as its checkpoints say:"
        yield from (f"  {line}" for line in audit.findings)
        yield (
            "Keep this backup and the checkpoints, and find out who could write; `kirdi audit "
            "verify` goes on saying so."
        )
    elif audit.obstacle is not None:
        yield (
            f"That the audit ends where the backup did could not be noted: {audit.obstacle}. "
            "`kirdi audit verify` will find its end cut off: docs/audit.md says what to do then."
        )
    elif not audit.checkpoints:
        yield "There were no checkpoints of the audit here to compare it with; they begin anew."
    else:
        yield (
            f"The audit agrees with its {audit.checkpoints} checkpoints; {audit.lost} events that "
            "they know of are of after the backup and are lost, which is noted beside them."
        )


async def _create(settings: Settings, folder: Path, by: Actor) -> "Manifest":
    from streamer.backend import open_backend
    from streamer.backup.creating import create_backup
    from streamer.backup.tools import PostgresTools
    from streamer.storage.database_role import DatabaseRole

    home = kirdi_home(os.environ)
    async with open_backend(settings, home, SystemClock()) as backend:
        url = backend.services.url_as(DatabaseRole.OWNER)
        tools = await asyncio.to_thread(PostgresTools.of, settings, home, url)
        return await create_backup(backend, tools, folder, by)
