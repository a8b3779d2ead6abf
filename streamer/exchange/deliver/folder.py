"""Lays a report into a folder, whole or not at all. Used by `reporting/sending`."""

import asyncio
import os
import shutil
import stat
from pathlib import Path
from typing import Final

from streamer.domain.report.parcel import Parcel
from streamer.errors import KirdiError, OutsideError
from streamer.exchange.private_file import write_private

# A share that does not answer must not hold up the others.
_TIMEOUT_S: Final = 120.0


class FolderDelivery:
    """One folder; a report is a folder in it, which has its name once all files are on the disk."""

    def __init__(self, destination: str, folder: Path) -> None:
        """Remember where; nothing is opened.

        Args:
            destination: Its id, for errors.
            folder: There already; it is made by nobody.
        """
        self._destination = destination
        self._folder = folder

    async def deliver(self, parcel: Parcel) -> None:
        """Write it; what lies there already, unchanged, is left as it is.

        Raises:
            OutsideError: It could not be written, and nothing of it has its name.
        """
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await asyncio.to_thread(self._write, parcel)
        except TimeoutError as error:
            raise self._error(f"was not written in {_TIMEOUT_S:g} s; see whether it answers") from (
                error
            )

    def _write(self, parcel: Parcel) -> None:
        whole = self._folder / parcel.name
        part = self._folder / f".{parcel.delivery_id}.part"
        try:
            if not stat.S_ISDIR(self._folder.stat().st_mode):
                raise self._error("is no folder")
            if os.path.lexists(whole):
                if _holds(whole, parcel):
                    return
                raise self._error(f"{parcel.name} is there already and holds something else")
            # Of a try that was killed.
            if part.is_dir() and not part.is_symlink():
                shutil.rmtree(part)
            part.mkdir(mode=0o700)
            try:
                for file in parcel.files:
                    write_private(part / file.name, file.content)
                # A folder with files in it is taken the place of by nothing.
                part.rename(whole)
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                raise
            _sync(self._folder)
        except OSError as error:
            raise self._error(f"cannot be written ({error.strerror})") from error
        except OutsideError:
            raise
        except KirdiError as error:
            raise self._error(error.message) from error

    def _error(self, why: str) -> OutsideError:
        return OutsideError(f"destination {self._destination}: folder {self._folder}: {why}")


def _holds(folder: Path, parcel: Parcel) -> bool:
    """Is it this very parcel, and nothing else?"""
    if folder.is_symlink() or not folder.is_dir():
        return False
    wanted = {file.name: file.content for file in parcel.files}
    names = {one.name for one in folder.iterdir()}
    return names == wanted.keys() and all(
        (folder / name).read_bytes() == content for name, content in wanted.items()
    )


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
