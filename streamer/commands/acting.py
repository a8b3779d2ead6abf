"""Who acts through the command line. Shared by the commands that do something about a patient."""

from typing import Annotated

import typer

from config.settings import Settings
from streamer.domain.actor import Actor
from streamer.os_user import os_user

ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        help="On whose behalf, where several people share this account; recorded as said.",
    ),
]


def acting(settings: Settings, by: str = "") -> Actor:
    """Return who acts: the user of the machine, or whom they name.

    A name is a statement and no proof: whoever may run commands here may give any. It is recorded
    together with the user.
    """
    user, named = os_user(), " ".join(by.split())
    if not named or named == user:
        return Actor(user, settings.staff.practitioner_refs(user))
    # A practitioner does not become somebody else by naming another, nor that one by doing it here.
    return Actor(f"{named} (through {user})", settings.staff.practitioner_refs(named, user))
