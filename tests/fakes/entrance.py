"""The web's way in without a database: everybody `FakeIdentities` was told of, and nobody else."""

from datetime import datetime
from typing import Any, cast

from config.settings import Web
from streamer.domain.asked_for import AskedFor
from streamer.web.ports import Entrance, Pairing
from streamer.web.rules import WebRules
from streamer.web.security.sign_in import SignIn
from tests.fakes.identities import FakeIdentities


class FakeDenials:
    """Remembers who asked for too much."""

    def __init__(self) -> None:
        self.denied_to: list[tuple[str, str]] = []
        self.missed_by: list[tuple[str, AskedFor]] = []

    async def denied(
        self, account: str, route: str, now: datetime, wanted: AskedFor | None = None
    ) -> None:
        self.denied_to.append((account, route))

    async def missed(self, account: str, route: str, wanted: AskedFor, now: datetime) -> None:
        self.missed_by.append((account, wanted))


class NoSignIn:
    """There are no passwords here."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name}: nobody signs in in this test")


def entrance(identities: FakeIdentities, web: Web | None = None) -> Entrance:
    """What `WebParts` wants."""
    return Entrance(
        rules=WebRules.of(web or Web()),
        identities=identities,
        csrf=lambda secret: f"csrf-of-{secret}",
        sign_in=cast(SignIn, NoSignIn()),
        denials=FakeDenials(),
        pairing=cast(Pairing, NoSignIn()),
    )
