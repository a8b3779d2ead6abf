"""Where the test recordings lie. They are real people: used here, never copied or printed."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """The test data's folder, whether or not it exists."""
    given = os.environ.get("KIRDI_TEST_DATA")
    return Path(given) if given else ROOT.parent / "shared" / "data"


def need(relative: str) -> Path:
    """A file or folder of the test data; skips the test, saying why, where it is absent."""
    path = folder() / relative
    if not path.exists():
        # Processes of the tests that only ask for ROOT need no pytest, which takes long.
        import pytest

        pytest.skip(f"test data {relative} is absent; point KIRDI_TEST_DATA at it")
    return path
