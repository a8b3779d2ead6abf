"""What every command shares: where its settings are, and how it prints. Used by the other files."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import Enum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.load import load_settings, settings_file
from config.settings import Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; else $KIRDI_CONFIG, else ./kirdi.yaml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print a JSON array of objects.")]

_PIPE_WIDTH = 10_000


def read_settings(given: Path | None) -> Settings:
    """Read the settings in force.

    Raises:
        ConfigError: There is no file, or it is wrong.
    """
    return load_settings(settings_file(given, os.environ), os.environ)


@dataclass(frozen=True, slots=True)
class Rows:
    """A listing: the names of its columns, and a mapping per row.

    Attributes:
        zone: Times are shown to people in this zone; JSON keeps the offset.
    """

    columns: Sequence[str]
    rows: Sequence[Mapping[str, object]]
    zone: tzinfo = UTC


def print_rows(listing: Rows, as_json: bool, empty: str) -> None:
    """Print a listing for people, or as JSON for programs.

    Args:
        listing: What to print.
        as_json: An array of objects on standard output, nothing else.
        empty: What to tell people when there are no rows.
    """
    if as_json:
        print_json([dict(row) for row in listing.rows])
        return
    # In a pipe nothing is cut; on a terminal long cells are folded.
    console = Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)
    if not listing.rows:
        console.print(empty, markup=False)
        return
    table = Table(header_style="bold", box=None, pad_edge=False)
    for column in listing.columns:
        table.add_column(column, overflow="fold")
    for row in listing.rows:
        # As Text: what a file named must not be taken for markup.
        table.add_row(*(Text(_cell(row.get(column), listing.zone)) for column in listing.columns))
    console.print(table)


def print_json(value: object) -> None:
    """Write one JSON document to standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")


def say(text: str) -> None:
    """Print a line for people to standard output."""
    sys.stdout.write(text + "\n")


def warn(lines: Iterable[str]) -> None:
    """Print warnings to standard error, a line each."""
    for line in lines:
        sys.stderr.write(f"warning: {line}\n")


def _plain(value: object) -> object:
    if isinstance(value, date):
        # Moments too: they are dates to Python.
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | Path):
        return str(value)
    raise TypeError(f"cannot print {type(value).__name__} as JSON")


def _cell(value: object, zone: tzinfo) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%H:%M:%S")
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)
