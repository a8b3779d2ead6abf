"""`kirdi config`: check the settings, print their schema and their reference."""

import typer

from config.errors import ConfigError
from config.reference import settings_reference
from config.settings import Settings
from streamer.clock import SystemClock
from streamer.commands.invocation import (
    ConfigOption,
    JsonOption,
    print_json,
    read_settings,
    say,
)

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.command()
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Read the settings and say what they amount to, or what is wrong with them.

    Folders, certificates and keys that they name are looked at, too, with the rights of whoever
    runs this: best of the service's user.
    """
    from streamer.commands.named_files import named_files_faults

    settings = read_settings(config)
    faults = list(named_files_faults(settings, SystemClock().now()))
    if faults:
        raise ConfigError("; ".join(faults))
    if as_json:
        print_json([settings.model_dump(mode="json")])
        return
    say(
        f"The settings are fine: site {settings.site.id}, {len(settings.cameras)} cameras, "
        f"recognition {settings.recognition.mode}, "
        f"{'own' if settings.database.url else 'embedded'} PostgreSQL, "
        f"{'own' if settings.redis.url else 'embedded'} Redis."
    )


@app.command()
def schema(as_json: JsonOption = False) -> None:
    """Print the JSON schema of the settings file."""
    document = Settings.model_json_schema()
    print_json([document] if as_json else document)


@app.command()
def reference(as_json: JsonOption = False) -> None:
    """Describe every key of the settings file, as Markdown; docs/settings.md is this text."""
    text = settings_reference()
    if as_json:
        print_json([{"markdown": text}])
    else:
        say(text.removesuffix("\n"))
