"""A fresh installation per test; the model pack is built once and copied."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.kirdi import Kirdi


@pytest.fixture(scope="session")
def built_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kirdi = Kirdi(tmp_path_factory.mktemp("models"))
    assert all(check["ok"] for check in kirdi.ok("models", "build"))
    return kirdi.home / "models"


@pytest.fixture
def kirdi(tmp_path: Path, built_models: Path) -> Kirdi:
    installation = Kirdi(tmp_path)
    installation.home.mkdir(mode=0o700)
    shutil.copytree(built_models, installation.home / "models")
    return installation


@pytest.fixture
def enrol(kirdi: Kirdi, tmp_path: Path) -> Callable[[str], None]:
    """Enrol one of the recorded people, whose consent is recorded, through the command line."""
    from tests.acceptance.people import stills

    def run(person: str) -> None:
        photos = stills(person, tmp_path)
        kirdi.consent(person)
        kirdi.ok("patients", "enroll", person, *photos, "--consent-ref", f"consent-{person}")

    return run
