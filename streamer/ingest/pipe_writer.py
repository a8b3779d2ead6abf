"""The decoder process's end of the pipe that encoded packets go through. Never waits."""

import os
from collections import deque
from typing import Final

MOST_BYTES: Final = 6 * 1024 * 1024
MOST_MESSAGES: Final = 1024


class PipeWriter:
    """Messages that wait until the service reads, within bounds; with the pipe, a MiB more."""

    def __init__(self, descriptor: int) -> None:
        """Take charge of a descriptor that does not block."""
        self._descriptor = descriptor
        self._waiting: deque[memoryview] = deque()
        self._bytes = 0
        self.closed = False

    def offer(self, message: bytes) -> bool:
        """Send a message, now or with a later one; False when there is no room for it."""
        self.flush()
        full = self._bytes + len(message) > MOST_BYTES or len(self._waiting) >= MOST_MESSAGES
        if self.closed or full:
            return False
        self._waiting.append(memoryview(message))
        self._bytes += len(message)
        self.flush()
        return True

    def flush(self) -> None:
        """Send what the pipe takes just now."""
        while self._waiting and not self.closed:
            try:
                written = os.write(self._descriptor, self._waiting[0])
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return
            self._bytes -= written
            rest = self._waiting[0][written:]
            if rest:
                self._waiting[0] = rest
            else:
                self._waiting.popleft()

    def close(self) -> None:
        """Give the pipe up; calling it again is harmless."""
        if not self.closed:
            self.closed = True
            self._waiting.clear()
            os.close(self._descriptor)
