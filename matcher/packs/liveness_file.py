"""A liveness model of one's own, beside the packs: used with whichever pack is in use.

How faces are told from pictures of them has nothing to do with how they are compared, so a change
of pack leaves it where it is. Written by `kirdi models add-liveness`.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from matcher.errors import ModelPackError

_MODEL: Final = "liveness.onnx"
_DESCRIPTION: Final = "liveness.json"
_MOST_BYTES: Final = 200 * 1024 * 1024
_REMEDY: Final = "run: kirdi models add-liveness FILE"


@dataclass(frozen=True, slots=True)
class LivenessFile:
    """What was added.

    Attributes:
        kind: How it is fed and read; see `matcher.liveness`.
        licence: Of the weights, as whoever added it says.
        sha256: Of the file, hexadecimal.
        size: In bytes.
    """

    kind: Literal["minifas"]
    licence: Annotated[str, Field(min_length=1, max_length=200)]
    sha256: str
    size: int


_READ: Final = TypeAdapter(LivenessFile)


def read_candidate(path: Path) -> bytes:
    """The bytes of a file that may become the liveness model. Blocking.

    Raises:
        ModelPackError: It cannot be read, is no size a model has, or is no ONNX model that is whole
            and in one file.
    """
    from matcher.packs.onnx_file import read_onnx

    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ModelPackError(f"{path}: cannot be read ({error.strerror})") from error
    if not content or len(content) > _MOST_BYTES:
        raise ModelPackError(f"{path}: is no liveness model; see docs/liveness.md")
    read_onnx(content, str(path))
    return content


def add_liveness(models_dir: Path, content: bytes, licence: str) -> LivenessFile:
    """Put a model that has been tried in place of a former one. Blocking.

    Raises:
        ModelPackError: The disk refuses; a former one is then still there, or none is.
    """
    added = LivenessFile("minifas", licence, hashlib.sha256(content).hexdigest(), len(content))
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        # In between, the description is of the former model and reading says that it differs.
        _write(models_dir / _MODEL, content)
        _write(models_dir / _DESCRIPTION, json.dumps(asdict(added), indent=2).encode() + b"\n")
    except OSError as error:
        raise ModelPackError(f"{models_dir}: cannot be written ({error.strerror})") from error
    return added


def read_liveness(models_dir: Path) -> bytes | None:
    """The model that was added, checked against its description; None where none was. Blocking.

    Raises:
        ModelPackError: It is damaged or cannot be read.
    """
    description = models_dir / _DESCRIPTION
    try:
        added = _READ.validate_json(description.read_bytes(), strict=True)
        content = (models_dir / _MODEL).read_bytes()
    except FileNotFoundError as error:
        if not description.exists():
            return None
        raise ModelPackError(f"{models_dir / _MODEL}: is missing; {_REMEDY}") from error
    except (OSError, ValidationError) as error:
        raise ModelPackError(f"{description}: damaged or unreadable; {_REMEDY}") from error
    if len(content) != added.size or hashlib.sha256(content).hexdigest() != added.sha256:
        raise ModelPackError(f"{models_dir / _MODEL}: damaged (its sha256 differs); {_REMEDY}")
    return content


def _write(path: Path, content: bytes) -> None:
    """Replace a file whole."""
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
