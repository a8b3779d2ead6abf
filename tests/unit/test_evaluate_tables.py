"""What `kirdi evaluate` prints of systems that were tested."""

import pytest

from matcher.evaluation.comparison import Comparison
from matcher.evaluation.protocol import Protocol
from matcher.evaluation.rate import Rate
from matcher.evaluation.report import Acquisition, Report, SystemReport
from streamer.commands.evaluate_tables import print_report


def test_means_misses_of_all_splits_and_the_comparison_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rate = Rate(
        fpir=0.03,
        fnir=0.0067,
        fnir_least=0.0,
        fnir_most=0.0133,
        fnir_mean=0.0047,
        misses=1,
        searches=150,
        fnir_upper=0.0313,
        split_misses=(1,) * 14 + (0,) * 6,
        all_misses=14,
        all_searches=3000,
        people_missed=6,
        strangers=682,
    )
    system = SystemReport("AS-norm", 1.0, (rate,), (), None, ())
    print_report(
        Report(
            "open-1",
            Protocol(),
            Acquisition(9, 0.0, {}, 9, 0),
            (system,),
            (Comparison("AS-norm", "plain distance", 0.03, 3, 15, 2),),
            (),
        )
    )
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert (
        "AS-norm 100.00 % 3.00 % 0.67 % 0.00 % to 1.33 % 3.13 % 1 of 150 0.47 % 14 of 3000 6 682"
        in lines
    )
    at = lines.index("The same splits, one by one: in how many were fewer missed?")
    assert lines[at + 2] == "AS-norm plain distance 3.00 % 3 15 2"
