"""The first way: six digits, read out of a message or from a slip, and typed."""

from streamer.checkin.codes.claim import Claim
from streamer.crypto.code_hash import digits_in
from streamer.domain.check_in import Method
from streamer.domain.claim import DigitsShown, Shown


class TypedDigits:
    """See `way.Way`."""

    method = Method.CODE
    guessable = True
    outside = False

    def takes(self, claim: Claim) -> bool:
        """Six digits, and not said to be the national service's."""
        return not claim.national and digits_in(claim.text) is not None

    async def shown(self, claim: Claim) -> Shown | None:
        """See `way.Way`."""
        digits = digits_in(claim.text)
        return None if digits is None else DigitsShown(digits)

    def asked(self, claim: Claim, shown: Shown) -> None:
        """See `way.Way`; it is good until it is used up."""
