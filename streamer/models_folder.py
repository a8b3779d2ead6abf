"""Where a home keeps its model packs: apart from `recognition`, which brings the networks along."""

from pathlib import Path


def models_folder(home: Path) -> Path:
    """The folder of packs."""
    return home / "models"
