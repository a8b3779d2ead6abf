"""Why a job failed is said in the page's language, and what the service said is there to open."""

import re

import pytest

from streamer.domain.consent import Language
from streamer.web.pages.catalogues import read_catalogues
from streamer.web.pages.job_words import JOB_ERRORS, OTHER, job_error
from streamer.web.pages.rendering import _environment
from tests.data import ROOT

MADE_IN = (
    "jobs/job_runner.py",
    "storage/retention.py",
    "storage/database_errors.py",
    "reporting/runs.py",
)


def test_every_word_is_in_an_error_that_is_made() -> None:
    made = " ".join((ROOT / "streamer" / one).read_text(encoding="utf-8") for one in MADE_IN)
    # As it reads where a text goes on in the next line.
    joined = re.sub(r'"\s+f?"', "", made)
    assert [words for words in JOB_ERRORS if words not in joined] == []


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        ("was left unfinished 3 times", "The service ended"),
        ("took longer than 7200 s", "It took too long"),
        ("a fault of the program (KeyError)", "The service has made a mistake"),
        ("database localhost/kirdi: did not answer in time; see whether", "The database"),
        (
            "report 1 revision 2: what is kept is not what was made; keep the database and its "
            "backups, and find out who could write",
            "A report is not as it was made",
        ),
        ("retention: 9 of 10 check-ins would be deleted at once; look at", "Too much would"),
        ("schedule x: something new", OTHER),
    ],
)
def test_an_error_has_words(error: str, begins: str) -> None:
    assert job_error(error).startswith(begins)


@pytest.mark.parametrize("language", [Language.KK, Language.RU])
def test_english_is_behind_a_sentence_and_markup_is_text(language: Language) -> None:
    environment = _environment(read_catalogues()[language])
    template = environment.from_string("{{ one|job_error }} {{ one|delivery_reason }}")
    shown = template.render(one="<b>new</b>")
    sentences = re.sub(r"<details.*?</details>", "", shown)
    assert not re.search("[A-Za-z]", sentences)
    assert shown.count('<span class="hint" lang="en">&lt;b&gt;new&lt;/b&gt;</span>') == 2
