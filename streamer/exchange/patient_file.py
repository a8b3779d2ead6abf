"""Writes what is held about a patient: as JSON for machines, as PDF for people.

Called by `kirdi patients export`. The JSON is described by `documents/patient_file.schema.json` and
`docs/privacy/patient-export.md`.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from streamer.domain.patient_file import PatientFile
from streamer.exchange.typst_document import set_document

SCHEMA: Final = "kirdi/patient-export/1"
LANGUAGES: Final = ("kk", "ru", "en")

# Of long lists a line each; of the others every field there is.
_TABLES: Final[dict[str, tuple[str, ...]]] = {
    "status_changes": ("occurred_at", "appointment_ref", "from_status", "to_status", "changed_by"),
    "accesses": ("recorded_at", "kind", "action", "actor", "outcome", "entity_type", "reason"),
}
_SECTIONS: Final = (
    ("consents", "consents", ""),
    ("templates", "templates", "templates_note"),
    ("appointments", "appointments", ""),
    ("check_ins", "check_ins", ""),
    ("status_changes", "status_changes", ""),
    ("presences", "presences", ""),
    ("reviews", "reviews", ""),
    ("blocks", "blocks", ""),
    ("codes", "codes_issued", "codes_note"),
    ("attempts", "attempts", ""),
    ("claims", "claims", ""),
    ("confirmations", "confirmations", ""),
    ("answers", "answers", ""),
    ("erasures", "erasures", ""),
    ("comparisons", "comparisons", ""),
    ("accesses", "accesses", "accesses_note"),
)


def patient_file_json(file: PatientFile) -> bytes:
    """Return the JSON document, indented for people who look anyway."""
    said = {"schema": SCHEMA} | dataclasses.asdict(file)
    text = json.dumps(said, ensure_ascii=False, indent=2, default=_plain)
    return text.encode() + b"\n"


def patient_file_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of that document."""
    source = files("streamer.exchange").joinpath("documents", "patient_file.schema.json")
    schema: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return schema


def patient_file_pdf(file: PatientFile, language: str, zone: tzinfo) -> bytes:
    """Return the PDF; blocking.

    Args:
        file: What it shows.
        language: kk, ru or en.
        zone: Whose times it shows.

    Raises:
        KirdiError: It cannot be set.
    """
    made = set_document("patient_file", patient_file_data(file, language, zone), file.made_at)
    assert isinstance(made, bytes)
    return made


def patient_file_data(file: PatientFile, language: str, zone: tzinfo) -> dict[str, object]:
    """Return what the PDF's template is given."""
    words = _Words(language, zone)
    made = words.shown(file.made_at)
    profile: dict[str, object] = {"patient_id": file.patient_id}
    profile |= dataclasses.asdict(file.profile)
    profile |= {"dependants": file.dependants}
    profile |= {"recorded_at": file.recorded_at, "updated_at": file.updated_at}
    texts = list(dict.fromkeys(one.text for one in file.consents if one.text is not None))
    sections = [_section(words.of("profile"), records=[words.fields(profile)])]
    for name, heading, note in _SECTIONS:
        rows = [dataclasses.asdict(one) for one in getattr(file, name)]
        columns = _TABLES.get(name, ())
        sections.append(
            _section(
                words.of(heading),
                words.of(note) if note else "",
                records=[] if columns else [words.fields(row) for row in rows],
                columns=[words.of(f"f.{column}") for column in columns] if rows else [],
                table=[[words.shown(row[column]) for column in columns] for row in rows]
                if columns
                else [],
            )
        )
        if name == "consents" and texts:
            sections.append(_section(words.of("texts"), texts=texts))
    preface = words.of("preface").format(site=file.site_name, made=made)
    return {
        "title": words.of("title"),
        "language": language,
        "preface": [preface, words.of("codes")],
        "nothing": words.of("nothing"),
        "sections": sections,
    }


class _Words:
    """The words of one language, and values as people read them."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        self._place = LANGUAGES.index(language)
        self._zone = zone

    def of(self, key: str) -> str:
        return _words()[key][self._place]

    def fields(self, row: Mapping[str, object]) -> list[list[str]]:
        """Label and value of what is known; a consent's text stands apart."""
        return [
            [self.of(f"f.{name}"), self.shown(value)]
            for name, value in row.items()
            if name != "text" and value not in (None, "", (), [])
        ]

    def shown(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return self.of("yes" if value else "no")
        if isinstance(value, datetime):
            return f"{value.astimezone(self._zone):%Y-%m-%d %H:%M}"
        if isinstance(value, float):
            return f"{value:.3f}"
        if isinstance(value, tuple | list):
            return ", ".join(str(one) for one in value)
        return str(value)


def _section(
    heading: str,
    note: str = "",
    *,
    records: Sequence[Sequence[Sequence[str]]] = (),
    columns: Sequence[str] = (),
    table: Sequence[Sequence[str]] = (),
    texts: Sequence[str] = (),
) -> dict[str, object]:
    return {
        "heading": heading,
        "note": note,
        "records": records,
        "columns": columns,
        "table": table,
        "texts": texts,
    }


@cache
def _words() -> dict[str, list[str]]:
    source = files("streamer.exchange").joinpath("documents", "patient_file.words.json")
    words: dict[str, list[str]] = json.loads(source.read_text(encoding="utf-8"))
    return words


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
