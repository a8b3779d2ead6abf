"""How many processors this process may keep busy. Asked by `reporting/making`."""

import math
import os
from pathlib import Path
from typing import Final

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


def processors(quota: Path = _QUOTA) -> int:
    """Return it: those of its affinity, or what a container allows, whichever is less."""
    own = len(os.sched_getaffinity(0))
    try:
        most, period = quota.read_text(encoding="ascii").split()
        return min(own, max(1, math.floor(int(most) / int(period))))
    except (OSError, ValueError):
        # No container, or "max": no limit.
        return own
