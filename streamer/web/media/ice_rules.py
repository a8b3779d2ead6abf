"""What the settings mean for how viewers are reached. Made by `live_views`, read by `peer`."""

from dataclasses import dataclass, field
from typing import Self

from config.settings import Live


@dataclass(frozen=True, slots=True)
class IceRules:
    """See `config.live.Live`.

    Attributes:
        addresses: Of this machine; empty = all it has.
        stun: `stun:host:port`; None = none is asked, which is what a clinic's own network needs.
        turn: `turn:host:port`; None = none.
    """

    addresses: tuple[str, ...] = ()
    stun: str | None = None
    turn: str | None = None
    turn_user: str = ""
    turn_password: str = field(default="", repr=False)

    @classmethod
    def of(cls, live: Live) -> Self:
        """Take them from the section."""
        secret = live.turn_password
        return cls(
            live.addresses,
            live.stun,
            live.turn,
            live.turn_user,
            "" if secret is None else secret.get_secret_value(),
        )
