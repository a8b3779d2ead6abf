"""What a provider's claims mean here."""

import pytest

from config.settings import Oidc
from streamer.domain.role import Role
from streamer.web.oidc.claims import claimed

RULES = Oidc(
    issuer="https://login.clinic.example",
    client_id="kirdi",
    roles={"desk": "reception", "docs": "practitioner"},
    practitioner_claim="ref",
)


def test_groups_give_roles() -> None:
    found = claimed(
        {"preferred_username": "Anna", "groups": ["docs", "desk", "other"], "ref": "D-1"}, RULES
    )
    assert found.name == "anna"
    assert found.roles == (Role.PRACTITIONER, Role.RECEPTION)
    assert found.practitioner_refs == ("D-1",)


@pytest.mark.parametrize(
    "groups", [None, [], ["nobody"], {"desk": True}, 7, [["desk"]], "DESK", "", "admin"]
)
def test_whatever_else_a_claim_is_gives_none(groups: object) -> None:
    assert claimed({"groups": groups}, RULES).roles == ()


def test_a_single_group_may_be_a_text() -> None:
    assert claimed({"groups": "desk"}, RULES).roles == (Role.RECEPTION,)


@pytest.mark.parametrize("name", ["", None, "a b", "../x", "ә", "x" * 65, "<script>", "-a", 7.5])
def test_a_name_that_cannot_be_one_is_none(name: object) -> None:
    found = claimed({"preferred_username": name}, RULES)
    assert found.name in (None, "7.5")


def test_without_a_claim_nobody_is_a_practitioner() -> None:
    rules = RULES.model_copy(update={"practitioner_claim": None})
    assert claimed({"ref": "D-1"}, rules).practitioner_refs == ()
    assert claimed({"ref": ["D 1", "D-2", 3]}, RULES).practitioner_refs == ("D-2",)
