"""Which tests one worker has all of. Used by `tests/conftest.py`.

xdist's own groups (`--dist loadgroup` with marks) are none with pytest 9.2: they are told by a
field that a test's id is no longer made of.
"""

from typing import Final

from xdist.scheduler import LoadScopeScheduling

# The console's service costs a core; the demo's lobby takes most of a minute to compose.
_TOGETHER: Final = ("tests/browser/", "tests/acceptance/test_demo.py")


class CostlyTogether(LoadScopeScheduling):
    """Gives tests that share what is costly to make to one worker, and the others to anybody."""

    def _split_scope(self, nodeid: str) -> str:
        return next((one for one in _TOGETHER if nodeid.startswith(one)), nodeid)
