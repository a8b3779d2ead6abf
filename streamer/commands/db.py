"""`kirdi db`: the database's schema."""

import asyncio
import os

import typer

from config.settings import Settings
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    print_json,
    read_settings,
    say,
)
from streamer.embedded.home import kirdi_home

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `migrate` a subcommand although it is the only one."""


@app.command()
def migrate(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Bring the schema to what this version needs; doing it twice changes nothing."""
    revisions = asyncio.run(_migrate(read_settings(config)))
    if as_json:
        print_json([{"revision": revision} for revision in revisions])
    elif revisions:
        say(f"Migrated: {', '.join(revisions)}.")
    else:
        say("The schema is up to date.")


async def _migrate(settings: Settings) -> list[str]:
    from streamer.embedded.services import embedded_services
    from streamer.storage.schema import migrate as apply

    home = kirdi_home(os.environ)
    async with embedded_services(settings.database, settings.redis, home) as services:
        return await apply(services.database_url)
