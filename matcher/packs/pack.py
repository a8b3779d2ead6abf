"""An opened model pack: verified files in a folder, with their manifest."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from matcher.errors import ModelPackError
from matcher.packs.manifest import Manifest

DETECTOR = "detector.onnx"
EMBEDDER = "embedder.onnx"
LIVENESS = "liveness.onnx"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack on disk.

    Attributes:
        folder: Where its files lie.
        manifest: What they must be.
    """

    folder: Path
    manifest: Manifest

    @property
    def pack_id(self) -> str:
        """Goes with every embedding made with this pack."""
        return self.manifest.pack_id

    def read(self, name: str) -> bytes:
        """A file's bytes, checked against the manifest as they are read.

        Raises:
            ModelPackError: The file is missing, unreadable or damaged.
        """
        entry = self.manifest.file(name)
        path = self.folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelPackError(
                f"{path}: cannot be read ({error.strerror}); {self.manifest.remedy}"
            ) from error
        if len(content) != entry.size:
            raise ModelPackError(
                f"{path}: damaged ({len(content)} bytes instead of {entry.size}); "
                f"{self.manifest.remedy}"
            )
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise ModelPackError(f"{path}: damaged (its sha256 differs); {self.manifest.remedy}")
        return content
