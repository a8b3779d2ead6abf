import pytest

from streamer.checkin.codes.duties import same_person


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("asel", "asel", True),
        ("asel", "Asel ", True),
        ("asel", "dina", False),
        ("asel (through desk)", "dina (through desk)", False),
        ("asel (through desk)", "ASEL (through other)", True),
        ("asel (through desk)", "asel", True),
        # One of them gave no name: nobody can tell.
        ("desk", "asel (through desk)", True),
        ("asel (through desk)", "desk", True),
        ("desk", "asel (through other)", False),
        ("kiosk", "asel (through desk)", False),
    ],
)
def test_who_may_be_one_person(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same_person(other, one) is same
