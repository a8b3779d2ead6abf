"""`kirdi models`: the model packs on this machine."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from matcher.errors import ModelPackError
from streamer.commands.invocation import JsonOption, Rows, print_rows
from streamer.embedded.home import kirdi_home

app = typer.Typer(help="The models that find and compare faces.", no_args_is_help=True)
PackArgument = Annotated[str, typer.Argument(help="The pack's name.")]


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the packs, and whether they are ready."""
    from matcher.packs.store import list_packs

    packs = list_packs(_folder())
    rows = [asdict(pack) for pack in packs]
    print_rows(Rows(("pack", "pack_id", "state", "licence", "size"), rows), as_json, "No packs.")


@app.command()
def build(
    pack: PackArgument = "open",
    force: Annotated[bool, typer.Option("--force", help="Even if it is fine.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Build a pack from the files of the installed packages; keeps one that is fine."""
    from matcher.packs.store import build_pack

    build_pack(_folder(), pack, force=force)
    _print_checks(pack, as_json)


@app.command()
def verify(pack: PackArgument = "open", as_json: JsonOption = False) -> None:
    """Compare every file of a pack with its manifest."""
    _print_checks(pack, as_json)


def _print_checks(pack: str, as_json: bool) -> None:
    from matcher.packs.store import verify_pack

    checks = verify_pack(_folder(), pack)
    rows = [asdict(check) for check in checks]
    print_rows(Rows(("name", "ok", "problem"), rows), as_json, "The pack has no files.")
    bad = [check for check in checks if not check.ok]
    if bad:
        raise ModelPackError(
            f"model pack {pack}: {len(bad)} of {len(checks)} files are not what they must be; "
            f"run `kirdi models build {pack}`"
        )


def _folder() -> Path:
    from streamer.recognition import models_folder

    return models_folder(kirdi_home(os.environ))
