"""The option that says on whose behalf a command acts. Shared by those that change something."""

from typing import Annotated

import typer

ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        help="On whose behalf, where several people share this account; recorded as said.",
    ),
]
