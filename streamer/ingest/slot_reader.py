"""The service's half of the shared pictures: maps a decoder's memfd, which it does not trust."""

import fcntl
import mmap
import os
import stat

import numpy as np

from matcher.face import Image
from streamer.ingest.protocol import SLOTS, Geometry, ProtocolError


class SlotReader:
    """The pictures of one geometry, and which of them are lent out.

    The mapping lives as long as a view of it does: a frame may outlive its decoder, and memory is
    given back when the last view is dropped.
    """

    def __init__(self, geometry: Geometry, descriptor: int) -> None:
        """Map the memfd; the descriptor stays the caller's.

        Raises:
            ProtocolError: It is no sealed memfd, or too small.
        """
        self.geometry = geometry
        _check(descriptor, geometry)
        try:
            memory = mmap.mmap(
                descriptor, geometry.memory_bytes, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ
            )
        except (OSError, ValueError) as error:
            raise ProtocolError("frame memory that cannot be mapped") from error
        memory.madvise(mmap.MADV_DONTDUMP)
        self._memory = memory
        self._lent: set[int] = set()

    def lend(self, slot: int) -> Image:
        """A read-only view of a slot: RGB uint8 (h, w, 3).

        Raises:
            ProtocolError: The slot is lent already: the decoder overwrote a picture in use.
        """
        if slot in self._lent or slot >= SLOTS:
            raise ProtocolError(f"slot {slot} again before its release")
        self._lent.add(slot)
        geometry = self.geometry
        return np.frombuffer(
            self._memory,
            dtype=np.uint8,
            count=geometry.width * geometry.height * 3,
            offset=slot * geometry.slot_bytes,
        ).reshape(geometry.height, geometry.width, 3)

    def take_back(self, slot: int) -> None:
        """The picture is no longer used."""
        self._lent.discard(slot)


def _check(descriptor: int, geometry: Geometry) -> None:
    """Refuse what could kill the service when it is read: shrinking or foreign memory."""
    try:
        seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        status = os.fstat(descriptor)
        page = os.fstatvfs(descriptor).f_bsize
    except OSError as error:
        raise ProtocolError("a descriptor that is no memfd") from error
    if not stat.S_ISREG(status.st_mode) or not seals & fcntl.F_SEAL_SHRINK:
        raise ProtocolError("frame memory that could shrink")
    if status.st_size < geometry.memory_bytes:
        raise ProtocolError("frame memory that is too small")
    # Huge pages are faulted in from a pool that may be empty: another way to a SIGBUS.
    if page != mmap.PAGESIZE:
        raise ProtocolError("frame memory in huge pages")
