"""Enrolment through the command line: the same face twice, twins, a photo of somebody else."""

from pathlib import Path

import pytest

from tests.acceptance.kirdi import Kirdi
from tests.acceptance.people import stills
from tests.acceptance.test_bad_input import refused


@pytest.mark.long
def test_one_face_under_two_references(kirdi: Kirdi, tmp_path: Path) -> None:
    kirdi.import_people(["A", "A-again", "B"])
    photos = {person: stills(person, tmp_path) for person in "AB"}
    kirdi.consent("A", "A-again", "B")
    kirdi.ok("patients", "enroll", "A", *photos["A"][:2])

    # Other photos of the same person; then with one of somebody else among them.
    again: list[str | Path] = ["patients", "enroll", "A-again", *photos["A"][2:]]
    refused(kirdi(*again), 4, "A-again", "already be enrolled as A ", "--anyway")

    mixed: list[str | Path] = ["patients", "enroll", "B", *photos["B"], photos["A"][0]]
    result = kirdi(*mixed, "--json")
    assert result.code == 0, result.err
    assert result.json[0]["photos"] == 4
    assert "left out" in result.err
    assert photos["A"][0].name in result.err

    (enrolled,) = kirdi.ok(*again, "--anyway")
    assert enrolled["code_only"]
    assert enrolled["looks_like"] == ["A"]
    rows = {row["patient_ref"]: row for row in kirdi.ok("patients", "list")}
    assert {ref: row["code_only"] for ref, row in rows.items()} == {
        "A": True,
        "A-again": True,
        "B": False,
    }
    assert rows["A"]["looks_like"] == ["A-again"]


def test_liveness_needs_a_model(kirdi: Kirdi, tmp_path: Path) -> None:
    kirdi.extra = {"recognition": {"liveness": "observe"}}
    refused(kirdi("run"), 6, "recognition.liveness", "kirdi models add-liveness")
    text = tmp_path / "model.onnx"
    text.write_text("no model")
    refused(kirdi("models", "add-liveness", text, "--licence", "none"), 6, "no ONNX file")
    assert not (kirdi.home / "models" / "liveness.onnx").exists()
