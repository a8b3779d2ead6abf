"""Finds a model file inside an installed distribution, without importing the distribution."""

import hashlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from matcher.errors import ModelPackError
from matcher.packs.manifest import SourceFile


@dataclass(frozen=True, slots=True)
class Source:
    """A file that a pack is made from, and the sha256 it must have.

    Attributes:
        distribution: Name of the distribution, as pip knows it.
        path: Path inside it, with slashes.
        licence: Licence of the weights, SPDX.
        sha256: Hexadecimal; any other file is foreign and refused.
    """

    distribution: str
    path: str
    licence: str
    sha256: str

    def read(self, downloads: Path) -> tuple[bytes, SourceFile]:  # noqa: ARG002 - see Download
        """The file's bytes and its entry for the manifest; nothing of it is downloaded.

        Raises:
            ModelPackError: The distribution or the file is missing, unreadable or another one.
        """
        remedy = f"install {self.distribution} anew from the locked requirements"
        try:
            distribution = metadata.distribution(self.distribution)
        except metadata.PackageNotFoundError as error:
            raise ModelPackError(
                f"{self.path}: the distribution {self.distribution} is not installed; {remedy}"
            ) from error
        found = [f for f in distribution.files or () if f.as_posix() == self.path]
        if not found:
            raise ModelPackError(
                f"{self.path}: the installed {self.distribution} {distribution.version} does not "
                f"contain it; {remedy}"
            )
        location = Path(str(found[0].locate()))
        try:
            content = location.read_bytes()
        except OSError as error:
            raise ModelPackError(
                f"{location}: cannot be read ({error.strerror}); {remedy}"
            ) from error
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.sha256:
            raise ModelPackError(
                f"{location}: damaged or another file than expected (sha256 {digest[:12]}…, "
                f"expected {self.sha256[:12]}…); {remedy}"
            )
        return content, SourceFile(
            origin=f"{self.distribution} {distribution.version}",
            path=self.path,
            licence=self.licence,
            sha256=digest,
            size=len(content),
        )
