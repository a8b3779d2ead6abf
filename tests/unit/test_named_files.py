"""What `kirdi config check` says of files and folders that the settings name."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from streamer.commands.named_files import named_files_faults

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SITE = {"id": "s", "name": "S"}
MAIL = {"host": "mail.example", "sender": "kirdi@clinic.example"}


def faults(**said: Any) -> list[str]:
    return list(named_files_faults(Settings.model_validate({"site": SITE} | said), NOW))


def folder(path: Path) -> list[str]:
    return faults(destinations=[{"id": "archive", "folder": str(path)}])


def test_what_is_there_is_no_fault(tmp_path: Path) -> None:
    assert faults() == []
    assert folder(tmp_path) == []


def test_a_folder_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    (said,) = folder(gone)
    assert said.startswith(f"destination archive: folder {gone}: is not there")
    gone.write_text("")
    (said,) = folder(gone)
    assert "is no folder" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    (said,) = folder(tmp_path)
    assert "may not write there" in said


def test_certificates_that_are_not_there_or_none(tmp_path: Path) -> None:
    pem = tmp_path / "audit.pem"
    told = {"id": "a", "email": "a@b.example", "attach": "encrypted", "certificate": str(pem)}
    (said,) = faults(destinations=[told], mail=MAIL)
    assert said == f"destination a: {pem}: cannot be read (No such file or directory)"
    pem.write_text("none")
    (said,) = faults(destinations=[told], mail=MAIL)
    assert "the certificate can't be read" in said
    (said,) = faults(mail=MAIL | {"ca_file": str(pem)})
    assert said.startswith("mail.ca_file: cannot be used")
    web = {"certificate": str(pem), "private_key": str(tmp_path / "key.pem")}
    (said,) = faults(web=web)
    assert str(pem) in said or "certificate" in said
