"""Which tests one worker has all of. Used by `tests/conftest.py`.

xdist's own groups (`--dist loadgroup` with marks) are none with pytest 9.2: they are told by a
field that a test's id is no longer made of.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

_CONSOLE: Final = "tests/browser/"


class ConsoleTogether(LoadScopeScheduling):
    """Gives the console's tests to one worker, whose service costs a core; others to anybody."""

    def _split_scope(self, nodeid: str) -> str:
        return _CONSOLE if nodeid.startswith(_CONSOLE) else nodeid
