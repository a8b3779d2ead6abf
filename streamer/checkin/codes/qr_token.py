"""The second way: the text of a QR code of ours, from a scanner or a kiosk camera."""

from streamer.checkin.codes.claim import Claim
from streamer.crypto.signed_token import looks_like_token
from streamer.domain.check_in import Method
from streamer.domain.claim import Shown, TokenShown


class QrToken:
    """See `way.Way`. Signed, so that nobody can guess one: a device that waits still takes it."""

    method = Method.QR
    guessable = False
    outside = False

    def takes(self, claim: Claim) -> bool:
        """What begins as our tokens do."""
        return not claim.national and looks_like_token(claim.text)

    async def shown(self, claim: Claim) -> Shown | None:
        """See `way.Way`; the signature is checked where its key is."""
        return TokenShown(claim.text)

    def asked(self, claim: Claim, shown: Shown) -> None:
        """See `way.Way`; it is good until it is used up."""
