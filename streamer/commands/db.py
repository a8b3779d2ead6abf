"""`kirdi db`: the database's schema."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from config.settings import Settings
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    print_json,
    read_settings,
    say,
    warn,
)
from streamer.embedded.home import kirdi_home
from streamer.errors import KirdiError
from streamer.home_site import claim_home

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `migrate` a subcommand although it is the only one."""


UrlFileOption = Annotated[
    Path | None,
    typer.Option(
        "--url-file",
        help="A file with the database's URL as its owner, instead of database.owner_url.",
        metavar="FILE",
    ),
]


@app.command()
def migrate(
    config: ConfigOption = None, url_file: UrlFileOption = None, as_json: JsonOption = False
) -> None:
    """Bring the schema to what this version needs, and let the site's logins in.

    Doing it twice changes nothing.
    """
    done = asyncio.run(_migrate(read_settings(config), url_file))
    if done.unserved is not None:
        warn([done.unserved])
    if as_json:
        print_json([{"revision": revision} for revision in done.revisions])
    elif done.revisions:
        say(f"Migrated: {', '.join(done.revisions)}.")
    else:
        say("The schema is up to date.")


@dataclass(frozen=True, slots=True)
class _Done:
    """What was applied, and why the service can't log in yet."""

    revisions: list[str]
    unserved: str | None = None


async def _migrate(settings: Settings, url_file: Path | None) -> _Done:
    from streamer.embedded.services import embedded_services
    from streamer.storage.database_role import DatabaseRole
    from streamer.storage.schema import migrate as apply
    from streamer.storage.site_logins import serve_site

    given = None if url_file is None else _url_in(url_file)
    home = kirdi_home(os.environ)
    await asyncio.to_thread(claim_home, home, settings.site.id)
    async with embedded_services(settings.database, None, home) as services:
        embedded = settings.database.url is None
        if given is not None and embedded:
            raise KirdiError(
                "--url-file: database.url is not set; it says where the service logs in"
            )
        owner_url = given or services.other_urls.get(DatabaseRole.OWNER, services.database_url)
        revisions = await apply(owner_url)
        logins = services.login_urls
        if owner_url == services.database_url:
            # The one login there is owns everything: what is made stays, the service says no.
            await serve_site(owner_url, settings.site, {})
            return _Done(
                revisions,
                "database.url logs in as the owner, which the service refuses; make a login for "
                "the service, put it there, and the owner's into database.owner_url",
            )
        await serve_site(owner_url, settings.site, logins, several=embedded)
        return _Done(revisions)


def _url_in(file: Path) -> str:
    try:
        url = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise KirdiError(f"--url-file {file}: cannot be read ({reason})") from error
    if not url:
        raise KirdiError(f"--url-file {file}: is empty")
    return url
