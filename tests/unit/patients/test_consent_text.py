"""What is read to patients: in three languages, whole, and with nothing left to fill in."""

import re

import pytest

from config.settings import Consent
from streamer.domain.consent import ConsentPurpose, Language
from streamer.patients.consent_text import consent_text

FILLED = Consent(
    term_days=200,
    backups_kept_days=45,
    operator="Operator & Co",
    contact="+7 700 000 00 00",
    third_parties=("Host One", "Host Two"),
)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("purpose", ConsentPurpose)
def test_every_text_names_what_it_has_to(purpose: ConsentPurpose, language: Language) -> None:
    text = consent_text(purpose, language, FILLED, "Polyclinic")
    for named in ("Operator & Co", "+7 700 000 00 00", "200", "45", "Host One; Host Two", "18"):
        assert named in text.body
    assert "$" not in text.body
    assert "{" not in text.body
    # Who, what for, which data, how long, who else, withdrawal, refusal, questions.
    assert len(re.findall(r"^\*\*[^*]+\.\*\*", text.body, re.MULTILINE)) == 8
    assert (text.purpose, text.language, text.version) == (purpose, language, 1)
    plain = consent_text(purpose, language, Consent(), "Polyclinic")
    assert "Polyclinic" in plain.body
    assert "$" not in plain.body
    assert "365" in plain.body
    assert plain.sha256 != text.sha256
    assert plain.sha256 == consent_text(purpose, language, Consent(), "Polyclinic").sha256


def test_each_language_is_its_own() -> None:
    bodies = {
        language: consent_text(ConsentPurpose.CHECK_IN, language, Consent(), "P").body
        for language in Language
    }
    assert re.search("[әғқңөұүһі]", bodies[Language.KK])
    assert re.search("[а-я]", bodies[Language.RU])
    assert not re.search("[әғқңөұүһі]", bodies[Language.RU])
    assert not re.search("[а-яё]", bodies[Language.EN])
