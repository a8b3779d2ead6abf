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
from streamer.errors import NoMatchError

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
    ("arrivals", "presences", "in_vain"),
    [
        ([Recorded.WRITTEN], [], False),
        ([], [Recorded.WRITTEN], False),
        ([], [Recorded.DUPLICATE], False),
        ([], [], False),
        ([Recorded.WRITTEN], [Recorded.REFUSED_CONSENT], False),
        ([Recorded.REFUSED_CONSENT], [Recorded.WRITTEN], False),
        # What was asked for is kept: that a person says otherwise than the clinic's system.
        ([Recorded.REFUSED_STATUS], [], False),
        ([], [Recorded.REFUSED_CONSENT], True),
        ([Recorded.REFUSED_BLOCKED], [], True),
    ],
)
def test_a_confirmation_that_leads_to_nothing_ends_with_12(
    answering: dict[str, Reply],
    capsys: pytest.CaptureFixture[str],
    arrivals: list[Recorded],
    presences: list[Recorded],
    in_vain: bool,
) -> None:
    answering["is"] = Reply(
        arrivals=tuple(ArrivalReport("A-1", one) for one in arrivals),
        presences=tuple(PresenceReport("A-2", PresenceFlag.EARLY, one) for one in presences),
    )
    if in_vain:
        with pytest.raises(NoMatchError, match="nothing could be written") as refusal:
            review.confirm("3f2a")
        assert refusal.value.exit_code == 12
    else:
        review.confirm("3f2a")
    told = capsys.readouterr().out
    assert "refused_" not in told
    assert ("correct it there" in told) is (Recorded.REFUSED_STATUS in arrivals)
    assert ("A-2: seen early" in told) is bool(presences)
