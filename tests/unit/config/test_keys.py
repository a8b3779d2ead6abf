import pytest
from pydantic import ValidationError

from config.keys import Keys


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"source": "command"}, "belong together"),
        ({"command": ["/bin/vault"]}, "belong together"),
        ({"source": "command", "command": ["vault"]}, "whole path"),
        ({"next_command": ["vault"]}, "whole path"),
        ({"source": "environment", "file": "/k"}, "file is for source: file"),
        ({"next_file": "/k", "next_environment": "K"}, "give one of"),
        ({"source": "environment", "next_environment": "KIRDI_KEY"}, "another one"),
        ({"environment": "A B"}, "pattern"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Keys.model_validate(given)


def test_each_source_can_be_set() -> None:
    for given in (
        {},
        {"file": "/etc/kirdi/kek"},
        {"source": "environment", "next_environment": "KIRDI_KEY_NEXT"},
        {"source": "command", "command": ["/bin/vault", "read"], "next_file": "/run/next"},
    ):
        Keys.model_validate(given)
