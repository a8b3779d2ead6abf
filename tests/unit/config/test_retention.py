"""The terms of retention."""

import pytest
from pydantic import ValidationError

from config.retention import Retention
from streamer.domain.retention import Kept
from streamer.storage.retention_rules import TERMS


def test_every_term_is_used_and_every_kind_has_one() -> None:
    assert set(Retention().days) == set(TERMS)
    assert {kind.term for kind in Kept} - {None} == set(TERMS)


def test_five_years_unless_said_otherwise() -> None:
    days = Retention().days
    assert {term for term, one in days.items() if one != 1826} == {"attempts", "tokens"}


@pytest.mark.parametrize(("at", "cron"), [("03:30", "30 3 * * *"), ("00:00", "0 0 * * *")])
def test_the_time_of_day(at: str, cron: str) -> None:
    assert Retention(at=at).cron == cron


@pytest.mark.parametrize(
    "wrong",
    [{"at": "25:00"}, {"at": "3.30"}, {"at": "03:30:30"}, {"audit_days": 0}, {"codes_days": 1},
     {"most_share": 2}, {"templates_days": 30}],
)  # fmt: skip
def test_what_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Retention.model_validate(wrong)
