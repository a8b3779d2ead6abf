"""Who acts: whoever it is, nobody sheds their own patients by giving another name."""

from dataclasses import replace

import pytest

from config.settings import Settings
from streamer.acting import acting
from streamer.domain.actor import Actor, acted_as

SETTINGS = Settings.model_validate(
    {
        "site": {"id": "t-1", "name": "T", "time_zone": "Asia/Almaty", "buildings": ["main"]},
        "staff": {"practitioners": {"asel": "D-1", "Bolat": "D-2"}},
    }
)


@pytest.mark.parametrize(
    ("user", "by", "actor"),
    [
        ("desk", "", Actor("desk")),
        ("desk", " desk ", Actor("desk")),
        ("desk", "Aigul", Actor("Aigul (through desk)")),
        ("asel", "", Actor("asel", ("D-1",))),
        ("desk", "asel", Actor("asel (through desk)", ("D-1",))),
        # However it is written.
        ("desk", " Asel", Actor("Asel (through desk)", ("D-1",))),
        ("desk", "BOLAT", Actor("BOLAT (through desk)", ("D-2",))),
        # A practitioner who speaks for another bears the limits of both.
        ("asel", "Aigul", Actor("Aigul (through asel)", ("D-1",))),
        ("asel", "bolat", Actor("bolat (through asel)", ("D-1", "D-2"))),
    ],
)
def test_who_acts(monkeypatch: pytest.MonkeyPatch, user: str, by: str, actor: Actor) -> None:
    monkeypatch.setattr("streamer.acting.os_user", lambda: user)
    assert acting(SETTINGS, by) == replace(actor, at_terminal=True)


def test_who_is_at_a_terminal_goes_by_two_names() -> None:
    assert Actor("Asel (through Desk)").names == ("asel", "desk")
    assert Actor("Desk").names == ("desk",)


def test_what_is_recorded_names_its_accounts() -> None:
    assert acted_as("Asel (through desk)", "asel")
    assert acted_as("aigul (through Asel)", "asel")
    assert acted_as("asel", "Asel")
    assert not acted_as("asel-2 (through desk)", "asel")
