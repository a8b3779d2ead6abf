"""The real models, built once for all benchmarks."""

from pathlib import Path

import pytest

from matcher.packs.store import open_pack


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the shipped model pack."""
    folder = tmp_path_factory.mktemp("models")
    open_pack(folder)
    return folder
