"""Somebody on their way to the provider. Made by `provider`, kept by `oidc_sign_in`."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody is being sent to the provider.

    Attributes:
        url: Where to.
        state: Must come back with them.
        nonce: Must stand in their ID token.
        verifier: What proves to the provider that it is we who ask for the token (RFC 7636).
    """

    url: str
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
