"""The most memory that this process and its children had together. Used by `reports/report_child`.

Sampled: what comes and goes within a tenth of a second is not seen.
"""

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Final

_PROC: Final = Path("/proc")
_EVERY_S: Final = 0.1
_PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


class PeakMemory:
    """Watches as long as it is entered.

    Attributes:
        mb: Resident memory of all of them; what they share counts for each, so that it is rather
            too much than too little.
    """

    def __init__(self) -> None:
        """Begin with what there is when it is entered."""
        self.mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> "PeakMemory":
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look once more, and end."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            over = self._over.wait(_EVERY_S)
            self.mb = max(self.mb, _resident_mb())
            if over:
                return


def _resident_mb() -> float:
    pages = 0
    for pid in ("self", *_children()):
        try:
            pages += int((_PROC / pid / "statm").read_text(encoding="ascii").split()[1])
        except OSError:
            # It has just ended.
            continue
    return pages * _PAGE_MB


def _children() -> list[str]:
    found: list[str] = []
    for task in (_PROC / "self" / "task").iterdir():
        try:
            found += (task / "children").read_text(encoding="ascii").split()
        except OSError:
            continue
    return found
