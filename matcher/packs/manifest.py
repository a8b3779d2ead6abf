"""What a model pack says about itself: the `manifest.json` beside its files."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TypeVar

from matcher.errors import ModelPackError

_T = TypeVar("_T", str, int)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file the pack was made from.

    Attributes:
        distribution: The installed distribution that holds it.
        version: That distribution's version.
        path: Path inside the distribution.
        licence: Licence of the weights, SPDX.
        sha256: Of the file, hexadecimal.
        size: In bytes.
    """

    distribution: str
    version: str
    path: str
    licence: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class PackFile:
    """A file of the pack: its name, sha256 (hexadecimal) and size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The pack's description.

    Attributes:
        pack: Name of the pack and of its folder.
        pack_id: Goes with every embedding; vectors of different ids are never compared.
        recipe: Version of the code that makes the files; another one makes them anew.
        embedding_dimension: Length of a vector.
        chip_px: Side of the square aligned face, pixels.
        sources: What the pack was made from.
        files: What it consists of.
    """

    pack: str
    pack_id: str
    recipe: int
    embedding_dimension: int
    chip_px: int
    sources: tuple[SourceFile, ...]
    files: tuple[PackFile, ...]

    def file(self, name: str) -> PackFile:
        """The entry of one file.

        Raises:
            ModelPackError: The manifest names no such file.
        """
        for entry in self.files:
            if entry.name == name:
                return entry
        raise ModelPackError(f"model pack {self.pack}: its manifest names no {name}; {REMEDY}")

    @property
    def digest(self) -> str:
        """The sha256 of everything above, hexadecimal: tells a damaged manifest."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()

    def to_json(self) -> str:
        """The manifest and its digest as indented JSON with a final newline."""
        return json.dumps({**asdict(self), "digest": self.digest}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read what `to_json` wrote.

        Raises:
            ModelPackError: The text is no manifest.
        """
        try:
            data = _object(json.loads(text))
            manifest = cls(
                pack=_get(data, "pack", str),
                pack_id=_get(data, "pack_id", str),
                recipe=_get(data, "recipe", int),
                embedding_dimension=_get(data, "embedding_dimension", int),
                chip_px=_get(data, "chip_px", int),
                sources=tuple(_source(item) for item in _list(data, "sources")),
                files=tuple(_file(item) for item in _list(data, "files")),
            )
            if _get(data, "digest", str) != manifest.digest:
                raise ValueError("its digest differs")
        except (ValueError, RecursionError) as error:
            raise ModelPackError(f"manifest.json is damaged ({error}); {REMEDY}") from error
        return manifest


REMEDY = "run: kirdi models build"


def _source(value: object) -> SourceFile:
    data = _object(value)
    return SourceFile(
        distribution=_get(data, "distribution", str),
        version=_get(data, "version", str),
        path=_get(data, "path", str),
        licence=_get(data, "licence", str),
        sha256=_get(data, "sha256", str),
        size=_get(data, "size", int),
    )


def _file(value: object) -> PackFile:
    data = _object(value)
    return PackFile(
        name=_get(data, "name", str),
        sha256=_get(data, "sha256", str),
        size=_get(data, "size", int),
    )


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("an object was expected")
    return value


def _list(data: dict[str, object], key: str) -> list[object]:
    value = data.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} is no list")
    return value


def _get(data: dict[str, object], key: str, kind: type[_T]) -> _T:
    value = data.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{key} is missing or no {kind.__name__}")
    return value
