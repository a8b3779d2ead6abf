"""Error rates on photographs of known people, through the command line: some minutes."""

from typing import Any

import pytest

from tests import data
from tests.acceptance.kirdi import Kirdi

AS_NORM, PLAIN = "AS-norm", "plain distance"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_few_are_missed_and_normalised_scores_miss_fewer(kirdi: Kirdi) -> None:
    faces = data.need("faces/lfw")
    tests = [(150, 2, {0.003: 0.05, 0.01: 0.02}), (300, 1, {0.003: 0.44, 0.01: 0.33})]
    options = [
        option
        for gallery, photos, _ in tests
        for option in ("--gallery", f"{gallery}", "--photos", f"{photos}", "--probes", f"{photos}")
    ]
    found = kirdi.ok("evaluate", faces, *options, timeout=1100)
    for one, (gallery, photos, limits) in zip(found, tests, strict=True):
        assert one["protocol"]["gallery"] == gallery
        assert one["protocol"]["photos"] == one["protocol"]["probes"] == photos
        _check(one, limits)


def _check(found: dict[str, Any], limits: dict[float, float]) -> None:
    assert found["acquisition"]["failed"] < 0.01
    assert found["acquisition"]["left_out"] >= 500
    normalised, plain = missed(found, AS_NORM), missed(found, PLAIN)
    for fpir, limit in limits.items():
        assert normalised[fpir] <= limit
    # Where one person or nobody is missed medians move in steps of one person: the means go on.
    means, plain_means = missed(found, AS_NORM, "fnir_mean"), missed(found, PLAIN, "fnir_mean")
    assert normalised.keys() == plain.keys() == {0.001, 0.003, 0.01, 0.03}
    assert all(normalised[fpir] < plain[fpir] for fpir in normalised)
    assert all(means[fpir] < plain_means[fpir] for fpir in means)
    for row in found["comparisons"]:
        assert (row["system"], row["beside"]) == (AS_NORM, PLAIN)
        assert row["better"] >= row["worse"]
        assert row["better"] + row["equal"] + row["worse"] == 20


def missed(found: dict[str, Any], system: str, figure: str = "fnir") -> dict[float, float]:
    """By FPIR: FNIR, the median over the splits or another figure of it."""
    (one,) = (one for one in found["systems"] if one["system"] == system)
    return {row["fpir"]: row[figure] for row in one["rates"]}


def test_what_cannot_be_evaluated_is_said(kirdi: Kirdi) -> None:
    nothing = kirdi("evaluate", kirdi.folder / "nowhere")
    assert nothing.code == 4
    assert "cannot be read" in nothing.err
    empty = kirdi.folder / "empty"
    empty.mkdir()
    assert "a folder per person" in kirdi("evaluate", empty).err
    groups = kirdi.folder / "groups.csv"
    groups.write_text("name\nA\n")
    (empty / "A").mkdir()
    (empty / "A" / "1.jpg").write_bytes(b"no picture")
    assert kirdi("evaluate", empty, "--groups", groups).code == 4
    assert kirdi("evaluate").code == 2
    uneven = kirdi("evaluate", empty, "--gallery", "5", "--gallery", "6", *["--photos", "1"] * 3)
    assert (uneven.code, "equally often" in uneven.err) == (2, True)
    drawn = kirdi("evaluate", empty, "--gallery", "5", "--gallery", "6", "--plot", "det.png")
    assert (drawn.code, "--plot draws one test" in drawn.err) == (2, True)
