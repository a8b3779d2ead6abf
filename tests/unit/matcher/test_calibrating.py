"""Figures of made-up people: who has a part in them, and that they come back from their file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from matcher.calibrating import calibrate
from matcher.calibration import Calibration
from matcher.errors import MatcherError
from matcher.face import Embedding
from matcher.halves import in_development_half
from matcher.packs.calibrations import (
    calibration_of,
    calibration_path,
    save_calibration,
    shipped_calibration,
)

SIZE = 16


def people_of(count: int, photos: int, prefix: str, seed: int) -> dict[str, list[Embedding]]:
    """Vectors that lie in a space of one dimension less than they have."""
    random = np.random.RandomState(seed)
    mixing = random.standard_normal((SIZE - 1, SIZE)) * 0.1
    return {
        f"{prefix}{i}": [
            Embedding(
                ((own + 0.2 * random.standard_normal(SIZE - 1)) @ mixing).astype(np.float32),
                "made-1",
            )
            for own in [random.standard_normal(SIZE - 1)]
            for _ in range(photos)
        ]
        for i in range(count)
    }


SINGLES = people_of(1200, 1, "single", 1)
SEVERAL = people_of(300, 3, "several", 2)
PEOPLE = SINGLES | SEVERAL
PHOTOS = {name: len(one) for name, one in PEOPLE.items()}


@pytest.fixture(scope="module")
def made() -> Calibration:
    return calibrate(PEOPLE, PHOTOS, everyone=False, source="nobody")


def test_only_single_photo_people_of_one_half_have_a_part(made: Calibration) -> None:
    ours = [name for name in SINGLES if in_development_half(name)]
    assert made.people == len(ours) > 500
    assert made.mean == pytest.approx(
        np.mean([PEOPLE[n][0].vector for n in ours], axis=0), rel=1e-4
    )
    assert all((name, 1) in made.selection for name in ours)
    assert not any((name, 3) in made.selection for name in SEVERAL)
    # The other half changes nothing.
    without = {n: v for n, v in PEOPLE.items() if in_development_half(n)}
    again = calibrate(without, PHOTOS, everyone=False, source="nobody")
    assert again.to_json() == made.to_json()


def test_its_file_holds_all_of_it(made: Calibration) -> None:
    read = Calibration.from_json(made.to_json())
    assert replace(read, mean=made.mean, covariance=made.covariance).to_json() == made.to_json()
    assert read.tail == made.tail
    # A covariance without full rank survives being kept in single precision.
    assert np.linalg.matrix_rank(made.covariance) < SIZE
    probe = np.stack([SINGLES["single0"][0].vector])
    kept, known = read.cohort().scores(probe), made.cohort().scores(probe)
    assert kept.mean == pytest.approx(known.mean, abs=1e-3)
    assert kept.deviation == pytest.approx(known.deviation, abs=1e-3)


def test_too_few_people() -> None:
    few = dict(list(SINGLES.items())[:600])
    photos = dict.fromkeys(few, 1)
    with pytest.raises(MatcherError, match="needs 500"):
        calibrate(few, photos, everyone=False, source="")
    with pytest.raises(MatcherError, match="2 usable photos"):
        calibrate(few, photos, everyone=True, source="")


def test_a_sites_own_goes_first_and_is_never_passed_over(made: Calibration, tmp_path: Path) -> None:
    models = tmp_path
    assert calibration_of("made-1", models) is None
    path = save_calibration(made, models)
    assert path.stat().st_mode & 0o077 == 0
    found = calibration_of("made-1", models)
    assert found is not None
    assert found.tail == made.tail
    path.write_text(made.to_json()[:500])
    with pytest.raises(MatcherError, match="damaged"):
        calibration_of("made-1", models)
    # Its tail is of scores that were normalised otherwise.
    older = made.to_json().replace('"schema": 3', '"schema": 2, "unit_norm": false')
    path.write_text(older)
    with pytest.raises(MatcherError, match=r"another version.*schema 2.*kirdi models calibrate"):
        calibration_of("made-1", models)
    calibration_path("open-1", models).write_text(made.to_json())
    with pytest.raises(MatcherError, match="made-1"):
        calibration_of("open-1", models)


def test_the_shipped_figures_can_be_used() -> None:
    shipped = shipped_calibration("open-1")
    assert shipped is not None
    assert shipped.people >= 500
    assert shipped.selection.half == "development"
    assert "LFW" in shipped.source
    assert shipped.cohort().pack_id == "open-1"
    assert shipped_calibration("nobody-knows") is None
