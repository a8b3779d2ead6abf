"""What `kirdi report` is asked for, and what it makes of a file that is no report of ours."""

import io
import json
import re
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from config.settings import Settings
from streamer.commands import report
from streamer.commands.invocation import print_json
from streamer.commands.report import grouped, period_of
from streamer.domain.report.delivery import DeliveryEntry, DeliveryState
from streamer.domain.report.period import Period, PeriodKind
from streamer.domain.report.revision import ReportState, Revision, RevisionEntry
from streamer.errors import InputError
from streamer.reports.report_file import file_digest, head_of, json_file
from streamer.reports.report_json import digest_of, file_schema, header_of
from tests.data import ROOT
from tests.unit.reports.facts import a_day, appointment, claim
from tests.unit.reports.test_report_maker import PERIOD, Made

SETTINGS = Settings.model_validate({"site": {"id": "s", "name": "S"}})
JULY = ("2026-07-01", "2026-07-31")


def revision() -> tuple[Revision, bytes]:
    """One, and its file."""
    made = Made([a_day([appointment()], [claim()])])
    digest = digest_of(header_of(made.report), made.day_digests)
    now = datetime(2026, 12, 1, tzinfo=UTC)
    entry = RevisionEntry(UUID(int=1), 2, PERIOD, ReportState.FINAL, now, "nina", digest, now, 1, 1)
    found = Revision(entry, made.report, digest, {"noshows": (1, 2)})
    return found, b"".join(json_file(found, made.rows.items()))


def test_a_file_is_the_same_in_whatever_order_its_changes_are_known() -> None:
    made, _ = revision()
    several = {"noshows": (1, 2), "at_risk.certain": (0, 1), "claims.total": (7, 9)}
    one = replace(made, changes=several)
    other = replace(made, changes=dict(reversed(several.items())))
    assert head_of(one) == head_of(other)
    assert list(json.loads(head_of(one)[:-11] + b"}")["changes"]) == sorted(several)


def test_deliveries_can_be_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    sent = DeliveryEntry(
        UUID(int=2), UUID(int=1), 1, PERIOD, "daily", "archive", ("pdf",), "kk",
        DeliveryState.SENT, 1, now, None, now, None,
    )  # fmt: skip
    print_json([asdict(sent)])
    (said,) = json.loads(capsys.readouterr().out)
    assert said["period"]["first"] == PERIOD.first.isoformat()
    assert (said["state"], said["created_at"]) == ("sent", "2026-12-01T00:00:00+00:00")


def test_a_month_is_one_however_it_is_asked_for() -> None:
    month = period_of(None, *JULY, SETTINGS)
    assert month == Period.containing(PeriodKind.MONTH, date(2026, 7, 9))
    assert period_of("2026-07-01", None, None, SETTINGS).kind is PeriodKind.DAY


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((None, None, None), "give --date, or"),
        (("2026-07-01", *JULY), "give --date, or"),
        ((None, "2026-07-01", None), "give --date, or"),
        ((None, *reversed(JULY)), "is before"),
        (("1.7.2026", None, None), "--date 1.7.2026: no date"),
        ((None, "1.7.2026", "2026-07-31"), "--from 1.7.2026: no date"),
        ((None, "2026-07-01", "tomorow"), "--to tomorow: no date"),
        (("0001-01-01", None, None), "a year from 1900 to 2199"),
        (("9999-12-31", None, None), "a year from 1900 to 2199"),
    ],
)
def test_days_that_are_none(given: tuple[Any, Any, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        period_of(*given, SETTINGS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--date", "2026-07-01", "-o", "a.odt"), "--format odt"),
        (("--date", "2026-07-01", "-o", "a"), "--format"),
        (("--date", "2026-07-01", "-o", "no/such/a.json"), "folder does not exist"),
        (
            ("--date", "2026-07-01", "-o", "a.csv", "--practitioner", "D", "--department", "X"),
            "not both",
        ),
    ],
)
def test_what_is_refused_before_anything_is_opened(
    arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "read_settings", lambda _config: SETTINGS)
    result = CliRunner().invoke(report.app, ["appointment-match", *arguments])
    assert isinstance(result.exception, InputError)
    assert words in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [(), ("a.json", "--practitioner", "D"), ("a.json", "--revision", "1"), ("--revision", "1")],
)
def test_a_file_is_checked_or_a_printed_report(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "read_settings", lambda _config: SETTINGS)
    result = CliRunner().invoke(report.app, ["verify", *arguments])
    assert isinstance(result.exception, InputError)
    assert "give FILE alone, or" in str(result.exception)


def test_a_file_says_what_it_is_and_what_was_done_to_it() -> None:
    whole, text = revision()
    found = file_digest(io.BytesIO(text))
    assert (found.report_id, found.number, found.head) == (UUID(int=1), 2, head_of(whole))
    assert (found.found, found.rows, found.bad_days) == (whole.digest, 2, ())
    row = file_digest(io.BytesIO(text.replace(b'"ref":"C-1"', b'"ref":"C-2"')))
    assert (row.found == row.stated, row.bad_days) == (False, (PERIOD.first,))
    header = file_digest(io.BytesIO(text.replace(b'"noshows":0', b'"noshows":1', 1)))
    assert (header.found == header.stated, header.bad_days) == (False, ())
    day = text.index(b'"digest"', text.index(b'"days":['))
    moved = text[: day + 10] + b"00" + text[day + 12 :]
    assert file_digest(io.BytesIO(moved)).bad_days == (PERIOD.first,)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"",
        lambda text: b"{}",
        lambda text: text[:-3],
        lambda text: text + b"more",
        lambda text: text.replace(b'"schema":"kirdi', b'"schema":"other', 1),
        lambda text: text.replace(b'"revision":2', b'"revision":"x"', 1),
        lambda text: text.replace(b'"kind":"claim"', b'"kind":"cake"', 1),
        lambda text: text.replace(b",\n", b", \n", 1),
        lambda text: text.replace(b'"total":{', b'"toll":{', 1),
    ],
)
def test_a_file_that_is_no_report(change: Any) -> None:
    with pytest.raises(InputError):
        file_digest(io.BytesIO(change(revision()[1])))


def test_a_digest_is_printed_in_groups() -> None:
    assert grouped(bytes(range(32))).split()[1] == "04050607"
    assert PERIOD.last - PERIOD.first == timedelta(days=1)


def test_the_schema_that_is_documented_is_the_one_in_force() -> None:
    """To bring it up to date: write `text` into the file."""
    text = json.dumps(file_schema(), indent=1, ensure_ascii=False) + "\n"
    assert (ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8") == text


def test_a_file_is_as_its_schema_says() -> None:
    schema = file_schema()
    said = json.loads(revision()[1])
    assert _faults(said, schema, schema) == []
    for broken in (
        said | {"more": 1},
        said | {"state": "begun"},
        said | {"report": said["report"] | {"total": {"appointments": "one"}}},
        said | {"days": [{"day": "2026-07-01", "digest": "x", "rows": []}]},
    ):
        assert _faults(broken, schema, schema)


def _faults(value: Any, schema: Any, root: Any) -> list[str]:
    """As much of JSON Schema as the schema uses."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]] | {
            key: one for key, one in schema.items() if key != "$ref"
        }
    if "anyOf" in schema:
        return [] if any(not _faults(value, one, root) for one in schema["anyOf"]) else ["anyOf"]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    kinds |= {"integer": int, "number": (int, float)}  # type: ignore[dict-item]
    found: list[str] = []
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return [f"{value!r} is no {schema['type']}"]
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        found.append(f"{value!r} is none of those")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{value!r} has another form")
    if isinstance(value, dict):
        members = schema.get("properties", {})
        found += [f"{one} is missing" for one in schema.get("required", ()) if one not in value]
        rest = schema.get("additionalProperties", True)
        for name, one in value.items():
            if name in members:
                found += _faults(one, members[name], root)
            elif rest is False:
                found.append(f"{name} is too much")
            elif rest is not True:
                found += _faults(one, rest, root)
    if isinstance(value, list):
        if "prefixItems" in schema:
            pairs = zip(value, schema["prefixItems"], strict=True)
            found += [fault for one, its in pairs for fault in _faults(one, its, root)]
        elif "items" in schema:
            found += [fault for one in value for fault in _faults(one, schema["items"], root)]
    return found
