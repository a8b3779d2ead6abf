"""The third way: a code or QR of the national digital-documents app."""

from typing import Protocol

from streamer.checkin.codes.claim import Claim
from streamer.domain.check_in import Method
from streamer.domain.claim import PersonShown, Shown
from streamer.domain.person import Person


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

    def __init__(self, service: DocumentService) -> None:
        """Keep the service."""
        self._service = service

    def takes(self, claim: Claim) -> bool:
        """What is said to be one, or begins as the settings say."""
        text = claim.text.strip()
        return self._service.there and bool(text) and (claim.national or self._service.reads(text))

    async def shown(self, claim: Claim) -> Shown | None:
        """See `way.Way`; asks the service."""
        person = await self._service.whose(claim.text.strip())
        return None if person is None else PersonShown(person)
