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
    user, named = os_user(), " ".join(by.split())
    if not named or named == user:
        return Actor(user, settings.staff.practitioner_refs(user), at_terminal=True)
    # A practitioner does not become somebody else by naming another, nor that one by doing it here.
    refs = settings.staff.practitioner_refs(named, user)
    return Actor(f"{named} (through {user})", refs, at_terminal=True)
