"""Which pack is in use where the settings name none: what `kirdi models use` wrote down."""

import os
import tempfile
from pathlib import Path
from typing import Final

from matcher.errors import ModelPackError
from matcher.packs.store import open_pack

DEFAULT: Final = "open"
_FILE: Final = "in-use"
_MOST_BYTES: Final = 100


def pack_in_use(models_dir: Path) -> str:
    """The name of the pack; `open` unless another one was chosen. Blocking.

    Raises:
        ModelPackError: What was written down cannot be read.
    """
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
    if not name:
        raise ModelPackError(f"{path}: it is empty; run: kirdi models use PACK")
    return name


def use_pack(models_dir: Path, pack: str) -> None:
    """Write down that a pack is in use from the next start on; blocking.

    Raises:
        ModelPackError: It isn't there or is damaged, or the disk refuses.
    """
    open_pack(models_dir, pack)
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
