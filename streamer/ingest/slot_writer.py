"""The decoder's half of the shared pictures: writes RGB into a memfd. Runs in the decoder process.

A memfd has no name, so nothing with people's pixels is left in /dev/shm after a `kill -9`.
"""

import fcntl
import mmap
import os
import threading
from collections.abc import Callable

from av import VideoFrame

from streamer.ingest.protocol import SLOTS, Geometry


class SlotWriter:
    """`SLOTS` pictures of one size; a new size gets a new memfd and the next generation.

    `reserve` and `fill` belong to the decoding thread, `release` may come from another.
    """

    def __init__(self, announce: Callable[[Geometry, int], None]) -> None:
        """Make a writer.

        Args:
            announce: Sends a new geometry with the descriptor of its memfd to the service.
        """
        self._announce = announce
        self._lock = threading.Lock()
        self._geometry: Geometry | None = None
        self._memory: memoryview | None = None
        self._free: list[int] = []

    def reserve(self, width: int, height: int) -> tuple[int, int] | None:
        """Take a free slot for a picture of this size.

        Returns:
            Generation and slot; None when the service still holds every slot.

        Raises:
            ValueError: The picture is larger than this protocol allows.
            OSError: There is no memory for it.
        """
        geometry = self._fit(width, height)
        with self._lock:
            # The slot used last: a quick consumer then touches two slots of memory, not four.
            return (geometry.generation, self._free.pop()) if self._free else None

    def fill(self, slot: int, picture: VideoFrame) -> None:
        """Copy an rgb24 picture into a slot reserved for its size."""
        assert self._geometry is not None
        assert self._memory is not None
        start = slot * self._geometry.slot_bytes
        _copy_rows(picture, self._memory[start : start + self._geometry.slot_bytes])

    def release(self, generation: int, slot: int) -> None:
        """Take a slot back; one of an earlier generation is of no use any more."""
        with self._lock:
            geometry = self._geometry
            if (
                geometry is not None
                and generation == geometry.generation
                and slot < SLOTS
                and slot not in self._free
            ):
                self._free.append(slot)

    def _fit(self, width: int, height: int) -> Geometry:
        old = self._geometry
        if old is not None and (old.width, old.height) == (width, height):
            return old
        geometry = Geometry(1 if old is None else old.generation + 1, width, height)
        if not geometry.allowed:
            raise ValueError(f"a picture of {width}x{height} pixels is larger than is taken")
        descriptor = os.memfd_create("kirdi-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, geometry.memory_bytes)
            # Were it to shrink, reading it would kill the service with SIGBUS.
            fcntl.fcntl(
                descriptor,
                fcntl.F_ADD_SEALS,
                fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL,
            )
            memory = mmap.mmap(descriptor, geometry.memory_bytes)
            self._announce(geometry, descriptor)
        finally:
            os.close(descriptor)
        memory.madvise(mmap.MADV_DONTDUMP)
        with self._lock:
            # Dropping the last view unmaps the old pictures here; the service has its own mapping.
            self._memory = memoryview(memory)
            self._geometry = geometry
            self._free = list(range(SLOTS))
        return geometry


def _copy_rows(picture: VideoFrame, target: memoryview) -> None:
    """Copy without the padding FFmpeg puts behind each row.

    PyAV cannot convert into memory of ours, so one copy is the price; without padding it is a
    single one, and numpy (12 MB a process) is not needed for either.
    """
    plane = picture.planes[0]
    source = memoryview(plane)
    stride, row, height = plane.line_size, picture.width * 3, picture.height
    if stride == row:
        target[: row * height] = source[: row * height]
        return
    for y in range(height):
        target[y * row : (y + 1) * row] = source[y * stride : y * stride + row]
