"""Which services there may be any number of: laboratory, vaccination, groups. Pure."""

import re
from collections.abc import Iterable


class Exemptions:
    """Asked for each kind of service once: the answers are remembered."""

    def __init__(self, beginnings: Iterable[str]) -> None:
        """Keep what an exempt service's code, or a word of its name or department, begins with."""
        self._beginnings = tuple(one.casefold() for one in beginnings if one)
        self._known: dict[tuple[str, str, str | None], bool] = {}

    def cover(self, code: str, name: str, department: str | None) -> bool:
        """Is this service exempt?"""
        asked = (code, name, department)
        found = self._known.get(asked)
        if found is None:
            words = re.findall(r"\w+", f"{name} {department or ''}".casefold())
            found = any(one.startswith(self._beginnings) for one in (code.casefold(), *words))
            self._known[asked] = found
        return found
