"""Which calibration a pack has: the site's own, else the one that ships with Kirdi. `app` asks.

A site's own lies in the models folder, outside the pack: a pack built anew keeps it.
"""

import os
import tempfile
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from matcher.calibration import Calibration
from matcher.errors import MatcherError, ModelPackError

_MOST_BYTES = 64 * 1024 * 1024


def calibration_path(pack_id: str, models_dir: Path) -> Path:
    """Where a site's own calibration of a pack lies or would lie."""
    return models_dir / f"calibration-{quote(pack_id, safe='')}.json"


def calibration_of(pack_id: str, models_dir: Path) -> Calibration | None:
    """The site's own calibration, else the shipped one, else None; blocking.

    Raises:
        ModelPackError: There is one, and it cannot be read or used. Never passed over: thresholds
            would change without a word.
    """
    path = calibration_path(pack_id, models_dir)
    remedy = "run: kirdi models calibrate DIR; or remove the file"
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return shipped_calibration(pack_id)
    except OSError as error:
        raise ModelPackError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    return _parsed(text, pack_id, str(path), remedy)


def shipped_calibration(pack_id: str) -> Calibration | None:
    """The calibration that comes with Kirdi, for packs that have one; blocking."""
    file = resources.files("matcher.packs") / "figures" / f"{pack_id}.json"
    if not file.is_file():
        return None
    return _parsed(file.read_bytes(), pack_id, f"figures of {pack_id}", "install Kirdi anew")


def save_calibration(calibration: Calibration, models_dir: Path) -> Path:
    """Put a site's own calibration in place: whole or not at all, for its user only; blocking.

    Raises:
        ModelPackError: The disk refuses.
    """
    path = calibration_path(calibration.pack_id, models_dir)
    try:
        models_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=models_dir)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(calibration.to_json())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise ModelPackError(
            f"{path}: cannot be written ({error.strerror}); free some space and check the rights"
        ) from error
    return path


def _parsed(text: bytes, pack_id: str, where: str, remedy: str) -> Calibration:
    try:
        calibration = Calibration.from_json(text)
        if calibration.pack_id != pack_id:
            raise MatcherError(f"it is of pack {calibration.pack_id}, not of {pack_id}")
    except MatcherError as error:
        raise ModelPackError(f"{where}: {error}; {remedy}") from error
    return calibration
