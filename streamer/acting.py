"""Who acts: the user of the machine, or whom they name. Used by commands and the control socket."""

from config.settings import Settings
from streamer.domain.actor import Actor
from streamer.os_user import os_user


def acting(settings: Settings, by: str = "") -> Actor:
    """Return who acts.

    A name is a statement and no proof: whoever may run commands here may give any. It is recorded
    together with the user.

    Args:
        settings: Say who is a practitioner.
        by: Whom the user names; empty = themselves.
    """
    user, named = os_user(), by.strip()
    practitioners = settings.staff.practitioners
    if not named or named == user:
        return Actor(user, practitioners.get(user))
    # A practitioner does not become somebody else by naming another.
    return Actor(f"{named} (through {user})", practitioners.get(named, practitioners.get(user)))
