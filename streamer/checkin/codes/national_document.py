"""The third way: a code or QR of the national digital-documents app."""

from typing import Final, Protocol

from streamer.checkin.codes.claim import Claim
from streamer.clock import Clock
from streamer.domain.check_in import Method
from streamer.domain.claim import PersonShown, Shown
from streamer.domain.person import Person

_ANSWER_S: Final = 120.0
"""As long as somebody at a tablet may think about whom they come with."""
_MOST_ASKED: Final = 50


class DocumentService(Protocol):
    """Knows whose a code of the national app is."""

    @property
    def there(self) -> bool:
        """Is it set at all?"""
        ...

    def reads(self, text: str) -> bool:
        """Is this the text of one of its QR codes?"""
        ...

    async def whose(self, code: str) -> Person | None:
        """Return whose it is; None where there is no such code. Raises OutsideError."""
        ...


class NationalDocument:
    """See `way.Way`."""

    method = Method.EGOV
    guessable = True
    outside = True

    def __init__(self, service: DocumentService, clock: Clock) -> None:
        """Keep the collaborators."""
        self._service = service
        self._clock = clock
        # The service may know a code once only. By device and code: who was asked something, and
        # until when the answer is waited for. In memory only.
        self._asked: dict[tuple[str, str], tuple[float, Shown]] = {}

    def takes(self, claim: Claim) -> bool:
        """What is said to be one, or begins as the settings say."""
        text = claim.text.strip()
        return self._service.there and bool(text) and (claim.national or self._service.reads(text))

    async def shown(self, claim: Claim) -> Shown | None:
        """See `way.Way`; asks the service, unless this is the answer to a question of ours."""
        self._forget()
        if claim.chosen or claim.disputed:
            known = self._asked.pop(_key(claim), None)
            if known is not None:
                return known[1]
        person = await self._service.whose(claim.text.strip())
        return None if person is None else PersonShown(person)

    def asked(self, claim: Claim, shown: Shown) -> None:
        """See `way.Way`; whose it is is kept for two minutes, at this device, for one answer."""
        self._forget()
        if len(self._asked) >= _MOST_ASKED:
            del self._asked[next(iter(self._asked))]
        self._asked[_key(claim)] = (self._clock.monotonic() + _ANSWER_S, shown)

    def _forget(self) -> None:
        now = self._clock.monotonic()
        self._asked = {key: one for key, one in self._asked.items() if one[0] > now}


def _key(claim: Claim) -> tuple[str, str]:
    return claim.device.device_id, claim.text.strip()
