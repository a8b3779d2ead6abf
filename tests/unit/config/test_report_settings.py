"""What may be said of schedules, destinations and the mail server, and what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from config.cron import checked_cron
from config.settings import Destination, Mail, ReportSchedule, Settings

SITE = {"id": "a", "name": "A", "time_zone": "Asia/Almaty"}
SECRET = "s" * 32
FOLDER = {"id": "archive", "folder": "/srv/reports"}
HOOK = {"id": "hook", "webhook": "https://hook.example/x", "secret": SECRET, "attach": "open"}
WEEKLY: dict[str, Any] = {"id": "weekly", "kind": "week", "cron": "30 6 * * mon"}


@pytest.mark.parametrize(
    "line", ["30 6 * * mon", "0 0 1 * *", "5 18 */2 1,7 mon-fri", "0 6 1-15/2 * 0"]
)
def test_cron_lines(line: str) -> None:
    assert checked_cron(f" {line} ".replace(" ", "  ")) == line


@pytest.mark.parametrize(
    "line",
    [
        "",
        "6:30",
        "60 6 * * *",
        "0 24 * * *",
        "* 6 * * *",
        "0 6,7 * * *",
        "0 0 0 * *",
        "* * * * 7",
        "5-1 * * * *",
        "0 6 * * mo",
        "*/0 * * * *",
        "5/2 * * * *",
        "٣ * * * *",
        "0 6 * * * *",
    ],
)
def test_cron_lines_that_are_none(line: str) -> None:
    with pytest.raises(ValueError, match="30 6"):
        checked_cron(line)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"id": "a"}, "exactly one"),
        (FOLDER | {"email": "a@b.kz"}, "exactly one"),
        ({"id": "a", "folder": "reports"}, "begin with /"),
        ({"id": "a", "email": "a@b.kz\r\nBcc: x@y.kz"}, "email"),
        ({"id": "a", "email": "a@b.kz", "attach": "encrypted"}, "certificate"),
        (HOOK | {"attach": "encrypted"}, "encrypted"),
        (HOOK | {"webhook": "http://hook.example/x"}, "https only"),
        (HOOK | {"secret": "short"}, "32 characters"),
    ],
)
def test_destinations_that_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Destination.model_validate(given)


def test_a_secret_is_shown_nowhere() -> None:
    assert SECRET not in repr(Destination.model_validate(HOOK))
    with pytest.raises(ValidationError) as refused:
        Destination.model_validate(HOOK | {"webhook": f"http://{SECRET}.example/"})
    assert SECRET not in refused.value.json(include_input=False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"host": "m"}, "sender"),
        ({"host": "m", "sender": "a@b.kz", "user": "u"}, "go together"),
        (
            {"host": "m", "sender": "a@b.kz", "user": "u", "password": "p", "security": "none"},
            "in the clear",
        ),
    ],
)
def test_mail_that_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Mail.model_validate(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"report_schedules": [WEEKLY | {"to": ["nobody"]}]}, "does not name"),
        ({"report_schedules": [WEEKLY, WEEKLY]}, "used twice"),
        # Its job would have the name of another one.
        ({"report_schedules": [WEEKLY | {"id": "revisions"}]}, "is the name of"),
        ({"destinations": [FOLDER, FOLDER]}, "used twice"),
        ({"destinations": [{"id": "a", "email": "a@b.kz", "attach": "open"}]}, "mail.host"),
        ({"destinations": [HOOK | {"attach": "link"}]}, "public_url"),
    ],
)
def test_what_does_not_fit_together(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings.model_validate({"site": SITE} | given)


def test_a_whole_one() -> None:
    given = {"report_schedules": [WEEKLY | {"to": ["archive", "hook"], "forms": ["pdf", "xlsx"]}]}
    settings = Settings.model_validate({"site": SITE, "destinations": [FOLDER, HOOK]} | given)
    assert settings.report_schedules[0].to == ("archive", "hook")
    with pytest.raises(ValidationError, match="each once"):
        ReportSchedule.model_validate(WEEKLY | {"forms": []})
