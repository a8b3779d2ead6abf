"""What reception is told, and what a program learns from the exit code."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.commands.desk import compare
from streamer.control.messages import Reply, Request, Verb
from streamer.domain.check_in import Recorded
from streamer.domain.comparison import ComparisonOutcome as Outcome
from streamer.domain.decision import Reason
from streamer.domain.desk_report import DeskReport
from streamer.domain.presence import PresenceFlag
from streamer.domain.review_report import ArrivalReport
from streamer.errors import KirdiError

MATCHED = DeskReport(
    patient_ref="P-1",
    camera_id="desk-1",
    outcome=Outcome.MATCHED,
    reason=Reason.WINDOW_OPEN,
    arrivals=(ArrivalReport("A-1", Recorded.WRITTEN),),
    presences=(),
    threshold=4.0,
    score=5.25,
    frames_agreeing=4,
    shortcoming="",
    seconds=1.25,
)
NOTHING = replace(MATCHED, arrivals=())


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Reply]:
    """The running service's answer."""
    answer: dict[str, Reply] = {}

    def ask(home: Path, request: Request) -> Reply:
        assert request == Request(Verb.COMPARE, "desk-1", patient_ref="P-1", by="Asel")
        return answer["is"]

    monkeypatch.setenv("KIRDI_HOME", str(tmp_path))
    monkeypatch.setattr("streamer.control.client.ask", ask)
    return answer


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (MATCHED, "It is patient P-1: A-1: arrived."),
        (
            replace(
                NOTHING,
                reason=Reason.NO_APPOINTMENT,
                presences=(PresenceFlag.UNBOOKED,),
            ),
            "It is patient P-1: no appointment; recorded as seen (unbooked).",
        ),
        (
            replace(NOTHING, reason=Reason.EARLY, presences=(PresenceFlag.EARLY,)),
            "It is patient P-1: early; recorded as seen (early).",
        ),
        (
            replace(NOTHING, reason=Reason.ALREADY_ARRIVED, presences=()),
            "It is patient P-1: already arrived.",
        ),
    ],
)
def test_a_match_is_told(
    answering: dict[str, Reply],
    capsys: pytest.CaptureFixture[str],
    report: DeskReport,
    words: str,
) -> None:
    answering["is"] = Reply(desk=report)
    compare("P-1", "desk-1", "Asel")
    assert capsys.readouterr().out == words + "\n"


@pytest.mark.parametrize(
    ("report", "code", "words"),
    [
        (replace(NOTHING, reason=Reason.REJECTED_TODAY), 12, "rejected today"),
        (
            replace(MATCHED, arrivals=(ArrivalReport("A-1", Recorded.REFUSED_CONSENT),)),
            12,
            r"A-1: not arrived: no consent .* by code or by hand\)$",
        ),
        (replace(NOTHING, outcome=Outcome.NOT_MATCHED), 12, "4 frames agreed, too few"),
        (
            replace(NOTHING, outcome=Outcome.NOT_MATCHED, score=3.5),
            12,
            "a score of 3.50 where 4.00 is asked for",
        ),
        (
            replace(NOTHING, outcome=Outcome.NOT_MATCHED, score=None),
            12,
            r"\(too few frames agreed\)",
        ),
        (replace(NOTHING, outcome=Outcome.NO_FACE, shortcoming="too_small"), 12, "too small"),
        (replace(NOTHING, outcome=Outcome.SEVERAL_PEOPLE), 12, "step aside"),
        (replace(NOTHING, outcome=Outcome.LIVENESS_DOUBT), 12, "picture of a face"),
        (replace(NOTHING, outcome=Outcome.NO_PICTURE), 7, "no picture came"),
        (replace(NOTHING, outcome=Outcome.ENDED), 1, "nobody was compared"),
    ],
)
def test_what_leads_to_nothing_says_what_to_do(
    answering: dict[str, Reply],
    capsys: pytest.CaptureFixture[str],
    report: DeskReport,
    code: int,
    words: str,
) -> None:
    answering["is"] = Reply(desk=report)
    for as_json in (False, True):
        with pytest.raises(KirdiError, match=words) as refusal:
            compare("P-1", "desk-1", "Asel", as_json=as_json)
        assert refusal.value.exit_code == code
        out = capsys.readouterr().out
        if not as_json:
            assert not out
            continue
        (row,) = json.loads(out)
        assert (row["outcome"], row["why"]) == (report.outcome, str(refusal.value))
