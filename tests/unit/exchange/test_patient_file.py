"""What a patient is given: every field has a word in every language, and the PDF can be set."""

import contextlib
import dataclasses
import typing
from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pypdfium2
import pytest

from streamer.domain import patient_file as records
from streamer.domain.patient import Patient
from streamer.domain.patient_file import FileAccess, FileConsent, PatientFile
from streamer.exchange.patient_file import (
    LANGUAGES,
    _words,
    patient_file_data,
    patient_file_pdf,
)
from streamer.exchange.typst_document import set_document

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ALMATY = ZoneInfo("Asia/Almaty")
TEXT = '# Келісім\n#panic("x") $1 * _'


def a_file() -> PatientFile:
    consent = FileConsent(
        "check-in", "active", "C-1", NOW, None, None, None, None, None, None, None, None, "kk", 1,
        TEXT,
    )  # fmt: skip
    access = FileAccess(NOW, "patient-read", "R", "aigul", "0", "Patient", None)
    empty: dict[str, typing.Any] = {
        one.name: () for one in dataclasses.fields(PatientFile) if one.name[-1] == "s"
    }
    return PatientFile(
        site_id="s", site_name="Емхана", patient_id=uuid4(), made_at=NOW, made_by="aigul",
        recorded_at=NOW, updated_at=NOW, profile=Patient("P-1", "#eval(1) Әлия"),
        **empty | {"consents": (consent, consent), "accesses": (access,)},
    )  # fmt: skip


def test_every_field_has_its_word() -> None:
    kinds = [one for one in vars(records).values() if dataclasses.is_dataclass(one)]
    names = {
        field.name
        for kind in kinds
        if kind is not PatientFile
        for field in dataclasses.fields(typing.cast(type[PatientFile], kind))
    }
    words = _words()
    assert {f"f.{name}" for name in names - {"text"}} <= words.keys()
    assert all(len(one) == len(LANGUAGES) and all(one) for one in words.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_set_as_a_pdf(language: str) -> None:
    assert patient_file_pdf(a_file(), language, ALMATY).startswith(b"%PDF-")


def test_a_text_is_printed_as_it_was_read_without_its_marks() -> None:
    file = a_file()
    consent = dataclasses.replace(file.consents[0], text="# Келісім\n\n**Не үшін.** a ** b")
    page = patient_file_pdf(dataclasses.replace(file, consents=(consent,)), "kk", ALMATY)
    with contextlib.closing(pypdfium2.PdfDocument(page)) as document:
        words = "".join(one.get_textpage().get_text_range() for one in document)
    assert "Келісім" in words
    # An odd mark is no mark of ours.
    assert "**Не үшін.** a ** b" in words
    consent = dataclasses.replace(consent, text="# Келісім\n\n**Не үшін.** a")
    page = patient_file_pdf(dataclasses.replace(file, consents=(consent,)), "kk", ALMATY)
    with contextlib.closing(pypdfium2.PdfDocument(page)) as document:
        words = "".join(one.get_textpage().get_text_range() for one in document)
    assert "Не үшін. a" in words
    assert "**" not in words
    assert "# Келісім" not in words


def test_what_is_held_is_shown_as_it_is() -> None:
    """A name that looks like a command of the typesetter's is a name."""
    data = patient_file_data(a_file(), "kk", ALMATY)
    sections = typing.cast(list[dict[str, typing.Any]], data["sections"])
    profile, consents, texts = sections[:3]
    assert ["Аты-жөні", "#eval(1) Әлия"] in profile["records"][0]
    assert ["Берілген", "2026-11-23 09:00"] in consents["records"][0]
    # Read twice, printed once.
    assert texts["texts"] == [TEXT]
    assert set_document("patient_file", data, NOW, "png")
