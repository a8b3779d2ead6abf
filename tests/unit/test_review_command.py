"""What a reviewer is shown, and what a program learns from the exit code."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streamer.commands import review
from streamer.control.messages import Reply, Request, Verb
from streamer.domain.check_in import EvidenceGrade, Method, Recorded
from streamer.domain.decision import Reason
from streamer.domain.identity import Band
from streamer.domain.presence import PresenceFlag
from streamer.domain.review_report import (
    AppointmentReport,
    ArrivalReport,
    CandidateReport,
    PresenceReport,
    ReviewReport,
    SeenReport,
)
from streamer.errors import KirdiError

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
VISIT = AppointmentReport("A-1", NOW, "Dr One")
FACE = ReviewReport(
    review_id="3f2a0000-0000-0000-0000-000000000000",
    opened_at=NOW,
    expires_at=NOW + timedelta(minutes=10),
    captured_at=NOW,
    camera_id="lobby-1",
    building="main",
    reason=Reason.NOT_CALIBRATED,
    band=Band.ACCEPT,
    threshold=4.0,
    candidates=(CandidateReport("P-1", 5.0, (VISIT,), (SeenReport(PresenceFlag.EARLY, VISIT),)),),
)
CODE = replace(
    FACE,
    camera_id=None,
    device_id="desk-1",
    reason=Reason.NOSHOW_SET,
    band=None,
    threshold=None,
    method=Method.CODE,
    evidence=EvidenceGrade.DESK_CODE,
    candidates=(CandidateReport("P-2", None, (VISIT,)),),
)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Reply]:
    """The running service's answer."""
    answer: dict[str, Reply] = {}

    def ask(home: Path, request: Request) -> Reply:
        assert request.verb in (Verb.REVIEWS, Verb.CONFIRM)
        return answer["is"]

    config = tmp_path / "kirdi.yaml"
    config.write_text("site: {id: s, name: S, time_zone: UTC}\n")
    monkeypatch.setenv("KIRDI_HOME", str(tmp_path))
    monkeypatch.setenv("KIRDI_CONFIG", str(config))
    monkeypatch.setattr("streamer.control.client.ask", ask)
    return answer


def test_a_line_says_how_it_was_shown_and_what_confirming_leads_to(
    answering: dict[str, Reply], capsys: pytest.CaptureFixture[str]
) -> None:
    answering["is"] = Reply(reviews=(FACE, CODE))
    review.list_()
    arrived, early, conflict = capsys.readouterr().out.splitlines()[-3:]
    assert "arrived" in arrived
    assert "early" in early
    assert all(word in conflict for word in ("desk-1", "code (desk_code)", "noshow set", "P-2"))
    review.list_(as_json=True)
    rows = json.loads(capsys.readouterr().out)
    assert [row["method"] for row in rows] == ["face", "code"]
    assert rows[0]["candidates"][0]["seen"][0]["flag"] == "early"


@pytest.mark.parametrize(
    ("arrivals", "presences", "complaint"),
    [
        ([Recorded.WRITTEN], [], None),
        ([], [Recorded.WRITTEN], None),
        ([], [Recorded.DUPLICATE], None),
        ([], [], None),
        ([Recorded.WRITTEN], [Recorded.REFUSED_CONSENT], None),
        ([Recorded.REFUSED_STATUS], [Recorded.WRITTEN], "no check-in could be written"),
        ([], [Recorded.REFUSED_CONSENT], "nothing could be kept"),
    ],
)
def test_a_confirmation_that_leads_to_nothing_is_an_error(
    answering: dict[str, Reply],
    capsys: pytest.CaptureFixture[str],
    arrivals: list[Recorded],
    presences: list[Recorded],
    complaint: str | None,
) -> None:
    answering["is"] = Reply(
        arrivals=tuple(ArrivalReport("A-1", one) for one in arrivals),
        presences=tuple(PresenceReport("A-2", PresenceFlag.EARLY, one) for one in presences),
    )
    if complaint is None:
        review.confirm("3f2a")
    else:
        with pytest.raises(KirdiError, match=complaint):
            review.confirm("3f2a")
    told = capsys.readouterr().out
    assert ("A-2: seen early" in told) is bool(presences)
