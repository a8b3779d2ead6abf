"""Which pack is in use where the settings leave it open: what `kirdi models use` wrote down."""

import os
import tempfile
from pathlib import Path
from typing import Final

from matcher.errors import ModelPackError

CHOSEN: Final = "chosen"
"""Stands for the chosen pack wherever a pack's name is asked for."""
DEFAULT: Final = "open"

_FILE: Final = "in-use"
_MOST_BYTES: Final = 100


def resolved(models_dir: Path, pack: str) -> str:
    """The name of the pack meant: `chosen` is the one chosen here, `open` if none was. Blocking.

    Raises:
        ModelPackError: What was written down cannot be read.
    """
    if pack != CHOSEN:
        return pack
    path = models_dir / _FILE
    try:
        with path.open(encoding="utf-8") as file:
            name = file.read(_MOST_BYTES).strip()
    except FileNotFoundError:
        return DEFAULT
    except (OSError, UnicodeDecodeError) as error:
        raise ModelPackError(
            f"{path}: cannot be read ({error}); run: kirdi models use PACK"
        ) from error
    if name in ("", CHOSEN):
        raise ModelPackError(f"{path}: it names no pack; run: kirdi models use PACK")
    return name


def choose(models_dir: Path, pack: str) -> None:
    """Write down that a pack, which is there and fine, is in use from now on; blocking.

    Raises:
        ModelPackError: The disk refuses.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{_FILE}.", dir=models_dir)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{pack}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(models_dir / _FILE)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise ModelPackError(
            f"{models_dir / _FILE}: cannot be written ({error.strerror}); make the folder writable"
        ) from error
