"""A published file that a pack is made from, once `kirdi models pull` has put it in place."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from matcher.errors import ModelPackError
from matcher.packs.archive import read_bzip2, read_member
from matcher.packs.manifest import SourceFile

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Download:
    """Where a file is published, and what it must be.

    Attributes:
        url: Its published address, https.
        sha256: Hexadecimal; empty where its publisher names none: whoever pulls must give it.
        size: In bytes; None where it isn't known.
        licence: Of the weights, SPDX or words.
        member: The file of a zip archive that is meant; empty = the whole file.
    """

    url: str
    sha256: str
    size: int | None
    licence: str
    member: str = ""

    @property
    def file(self) -> str:
        """The file's name."""
        return self.url.rsplit("/", 1)[-1]

    def read(self, downloads: Path) -> tuple[bytes, SourceFile]:
        """The bytes, unpacked, and their entry for the manifest.

        Args:
            downloads: The folder the file lies in.

        Raises:
            ModelPackError: It is absent, another file, or cannot be unpacked.
        """
        path = downloads / self.file
        digest, size = digest_of(path)
        self.check(path, digest, size)
        if self.member:
            content = read_member(path, self.member)
        elif path.suffix == ".bz2":
            content = read_bzip2(path)
        else:
            content = path.read_bytes()
        return content, SourceFile(self.url, self.member or self.file, self.licence, digest, size)

    def check(self, path: Path, digest: str, size: int) -> None:
        """Refuse any other file.

        Raises:
            ModelPackError: It isn't the published file.
        """
        if not self.sha256:
            raise ModelPackError(
                f"{self.file}: its publisher names no sha256; look at the file, compare its "
                "sha256 with a source you trust, and give it by --sha256"
            )
        if digest != self.sha256:
            raise ModelPackError(
                f"{path}: damaged or another file than published ({size} bytes, sha256 "
                f"{digest[:12]}…, expected {self.sha256[:12]}…); get it anew from {self.url}"
            )


def digest_of(path: Path) -> tuple[str, int]:
    """A file's sha256, hexadecimal, and its size.

    Raises:
        ModelPackError: It cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while part := file.read(_CHUNK):
                digest.update(part)
                size += len(part)
    except OSError as error:
        raise ModelPackError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest(), size
