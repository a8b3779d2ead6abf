"""Loads `queries.sql`: every statement the service sends has a name and a comment there."""

import re
from functools import cache
from importlib.resources import files

_HEADER = re.compile(r"^-- name: ([a-z_]+)$", re.MULTILINE)


@cache
def _queries() -> dict[str, str]:
    text = files("streamer.storage").joinpath("queries.sql").read_text(encoding="utf-8")
    # Splitting by a pattern with one group gives: preamble, name, body, name, body, …
    pieces = _HEADER.split(text)[1:]
    names, bodies = pieces[::2], pieces[1::2]
    if len(set(names)) != len(names):
        raise ValueError("queries.sql: a name is used twice")
    return {name: body.strip() for name, body in zip(names, bodies, strict=True)}


def sql(name: str) -> str:
    """Return one statement, its comment included, so that the server's log shows it too."""
    return _queries()[name]
