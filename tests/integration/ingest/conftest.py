"""What every test here starts with."""

import pytest

from tests.integration.ingest.watching import leave_others_out


@pytest.fixture(autouse=True)
def _own_processes() -> None:
    """Tests count the processes they start, and leave none."""
    leave_others_out()
