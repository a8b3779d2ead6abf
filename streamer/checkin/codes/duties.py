"""Who issues a code can't redeem it. A pure comparison of what is recorded of people.

Names are statements (`streamer.acting`): "NAME (through USER)", or USER alone.
"""

import re
from typing import Final

_THROUGH: Final = re.compile(r"(?P<name>.*\S) \(through (?P<user>[^()]+)\)")


def same_person(one: str, other: str) -> bool:
    """May these two be one person?

    Two who share an account are told apart by the names they gave. Where one of them gave none,
    nobody can tell, and they count as one.
    """
    (name, user), (other_name, other_user) = _parts(one), _parts(other)
    if name == other_name:
        return True
    nameless = name == user or other_name == other_user
    return nameless and user == other_user


def _parts(recorded: str) -> tuple[str, str]:
    """The name, and the account it was said through; both the same where no name was given."""
    text = recorded.strip().casefold()
    found = _THROUGH.fullmatch(text)
    return (found["name"], found["user"]) if found else (text, text)
