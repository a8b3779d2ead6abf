"""The search itself: secrets in places."""

from collections.abc import Iterable, Mapping

import numpy as np

from tests.leaks.places import Place
from tests.leaks.secret import Content, Secret, everything_in

Allowed = Mapping[str, frozenset[str]]
"""The end of a place's name to the names of the secrets that belong there."""


def search(places: Iterable[Place], secrets: Iterable[Secret], allowed: Allowed) -> set[str]:
    """Return `PLACE: SECRET` for each that stands where it may not."""
    wanted = list(secrets)
    found = set()
    for place, content in places:
        here = next((names for end, names in allowed.items() if place.endswith(end)), frozenset())
        sought = [one for one in wanted if one.name not in here]
        for part in map(Content, everything_in(without_empty_pages(content))):
            for one in sought:
                if f"{place}: {one.name}" not in found and one.is_in(part):
                    found.add(f"{place}: {one.name}")
    return found


_PAGE = 4096


def without_empty_pages(content: bytes) -> bytes:
    """Most of a database's files is zeros, and searching them takes its time."""
    whole = len(content) // _PAGE * _PAGE
    pages = np.frombuffer(content, np.uint8, whole).reshape(-1, _PAGE)
    return pages[pages.any(axis=1)].tobytes() + content[whole:]
