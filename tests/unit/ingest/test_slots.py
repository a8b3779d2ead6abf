import fcntl
import mmap
import os
from pathlib import Path

import av
import numpy as np
import pytest

from streamer.ingest.protocol import SLOTS, Geometry, ProtocolError
from streamer.ingest.slot_reader import SlotReader
from streamer.ingest.slot_writer import SlotWriter

SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def memfd(size: int, seals: int = SEALS) -> int:
    descriptor = os.memfd_create("test", os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


class Service:
    """The other end: maps what the writer announces."""

    def __init__(self) -> None:
        self.readers: list[SlotReader] = []

    def announce(self, geometry: Geometry, descriptor: int) -> None:
        self.readers.append(SlotReader(geometry, descriptor))


def picture(width: int, height: int, value: int) -> av.VideoFrame:
    colours = np.arange(value, value + 3, dtype=np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(colours, (height, width, 3)))
    return av.VideoFrame.from_ndarray(pixels, "rgb24")


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (353, 289), (2, 2), (1, 1)])
def test_a_picture_arrives_as_it_was_written(size: tuple[int, int]) -> None:
    service = Service()
    writer = SlotWriter(service.announce)
    for value in (10, 200):
        place = writer.reserve(*size)
        assert place is not None
        writer.fill(place[1], picture(*size, value))
        image = service.readers[0].lend(place[1])
        assert image.shape == (size[1], size[0], 3)
        assert (image == np.array([value, value + 1, value + 2])).all()
        assert not image.flags.writeable
        assert image.flags.c_contiguous


def test_slots_run_out_and_come_back() -> None:
    writer = SlotWriter(Service().announce)
    places = [writer.reserve(64, 48) for _ in range(SLOTS)]
    assert None not in places
    assert writer.reserve(64, 48) is None
    writer.release(1, 2)
    writer.release(1, 2)
    writer.release(7, 1)
    assert writer.reserve(64, 48) == (1, 2)
    assert writer.reserve(64, 48) is None


def test_a_new_size_is_a_new_generation_and_old_pictures_stay_valid() -> None:
    service = Service()
    writer = SlotWriter(service.announce)
    writer.reserve(64, 48)
    writer.fill(3, picture(64, 48, 90))
    old = service.readers[0].lend(3)
    place = writer.reserve(32, 16)
    assert place is not None
    assert place[0] == 2
    writer.release(1, 3)
    writer.fill(place[1], picture(32, 16, 7))
    service.readers.pop(0)
    assert (old[:, :, 0] == 90).all()
    assert (service.readers[0].lend(place[1])[:, :, 0] == 7).all()


def test_a_picture_that_is_too_large_is_refused_before_memory_is_taken() -> None:
    service = Service()
    with pytest.raises(ValueError, match="9000x100"):
        SlotWriter(service.announce).reserve(9000, 100)
    assert service.readers == []


@pytest.mark.parametrize("seals", [0, fcntl.F_SEAL_GROW, fcntl.F_SEAL_WRITE])
def test_memory_that_could_shrink_is_refused(seals: int) -> None:
    geometry = Geometry(1, 64, 48)
    descriptor = memfd(geometry.memory_bytes, seals)
    with pytest.raises(ProtocolError, match="shrink"):
        SlotReader(geometry, descriptor)
    os.close(descriptor)


def test_memory_that_is_too_small_is_refused() -> None:
    geometry = Geometry(1, 64, 48)
    descriptor = memfd(geometry.memory_bytes - 1)
    with pytest.raises(ProtocolError, match="small"):
        SlotReader(geometry, descriptor)
    os.close(descriptor)


def test_a_file_or_pipe_in_place_of_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(Geometry(1, 64, 48).memory_bytes))
    reading, writing = os.pipe()
    file = os.open(path, os.O_RDWR)
    for descriptor in (file, reading, writing):
        with pytest.raises(ProtocolError):
            SlotReader(Geometry(1, 64, 48), descriptor)
        os.close(descriptor)


def test_a_slot_lent_twice_is_refused() -> None:
    geometry = Geometry(1, 64, 48)
    descriptor = memfd(geometry.memory_bytes)
    reader = SlotReader(geometry, descriptor)
    os.close(descriptor)
    reader.lend(0)
    with pytest.raises(ProtocolError):
        reader.lend(0)
    reader.take_back(0)
    reader.take_back(0)
    reader.lend(0)
    with pytest.raises(ProtocolError):
        reader.lend(SLOTS)


def test_the_memory_goes_when_the_last_view_does() -> None:
    def mapped() -> int:
        return Path("/proc/self/maps").read_text().count("memfd:test")

    geometry = Geometry(1, 640, 480)
    descriptor = memfd(geometry.memory_bytes)
    reader = SlotReader(geometry, descriptor)
    os.close(descriptor)
    image = reader.lend(1)
    del reader
    assert mapped() == 1
    assert image[479, 639, 2] == 0
    del image
    assert mapped() == 0


def test_the_sealed_memory_cannot_be_shrunk_by_the_decoder() -> None:
    kept: list[int] = []
    SlotWriter(lambda _, descriptor: kept.append(os.dup(descriptor))).reserve(64, 48)
    with pytest.raises(PermissionError):
        os.ftruncate(kept[0], mmap.PAGESIZE)
    os.close(kept[0])
