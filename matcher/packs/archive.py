"""Takes one file out of a published archive, and nothing that the archive should not hold."""

import bz2
import stat
import zipfile
from pathlib import Path, PurePosixPath

from matcher.errors import ModelPackError

MOST_BYTES = 600_000_000
"""No model of any pack is larger when unpacked; more is a bomb."""

_CHUNK = 1 << 20
_ENCRYPTED = 0x1


def read_member(archive: Path, member: str, most_bytes: int = MOST_BYTES) -> bytes:
    """The bytes of the file called `member`, in whatever folder of a zip it lies.

    Nothing is written: a path in the archive leads nowhere.

    Raises:
        ModelPackError: There is no such file or more than one, or it is a link, encrypted,
            damaged or larger than `most_bytes`.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            found = [one for one in opened.infolist() if PurePosixPath(one.filename).name == member]
            if len(found) != 1:
                raise ModelPackError(
                    f"{archive.name}: holds {len(found)} files called {member}, not one; "
                    "it is not the published archive"
                )
            (info,) = found
            if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & _ENCRYPTED:
                raise ModelPackError(f"{archive.name}: {member} is a link or encrypted in it")
            if info.file_size > most_bytes:
                raise _too_large(archive, member, most_bytes)
            with opened.open(info) as file:
                # What the archive claims about sizes is not to be relied on.
                content = file.read(most_bytes + 1)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError) as error:
        raise ModelPackError(f"{archive.name}: no zip archive, or damaged ({error})") from error
    if len(content) > most_bytes:
        raise _too_large(archive, member, most_bytes)
    return content


def read_bzip2(archive: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """What a .bz2 file unpacks to.

    Raises:
        ModelPackError: It is damaged, or unpacks to more than `most_bytes`.
    """
    parts: list[bytes] = []
    total = 0
    try:
        with bz2.open(archive) as file:
            while part := file.read(_CHUNK):
                total += len(part)
                if total > most_bytes:
                    raise _too_large(archive, "it", most_bytes)
                parts.append(part)
    except (OSError, EOFError) as error:
        raise ModelPackError(f"{archive.name}: no bzip2 file, or damaged ({error})") from error
    return b"".join(parts)


def _too_large(archive: Path, member: str, most_bytes: int) -> ModelPackError:
    return ModelPackError(
        f"{archive.name}: {member} unpacks to more than {most_bytes} bytes; it is not what it "
        "claims to be"
    )
