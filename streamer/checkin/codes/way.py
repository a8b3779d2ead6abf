"""What each way to check in without a face is: what it takes, and what it makes of it."""

from typing import Protocol

from streamer.checkin.codes.claim import Claim
from streamer.domain.check_in import Method
from streamer.domain.claim import Shown


class Way(Protocol):
    """Turns a claim into what the database can look up."""

    @property
    def method(self) -> Method:
        """What a check-in is recorded as."""
        ...

    @property
    def guessable(self) -> bool:
        """Could somebody try until one fits? Then attempts are counted and limited."""
        ...

    @property
    def outside(self) -> bool:
        """Does `shown` ask a service elsewhere, which may take its time?"""
        ...

    def takes(self, claim: Claim) -> bool:
        """Is the claim of this kind?"""
        ...

    async def shown(self, claim: Claim) -> Shown | None:
        """Return what to look up; None where it is nobody's.

        Raises:
            OutsideError: A service that has to be asked is away.
        """
        ...

    def asked(self, claim: Claim, shown: Shown) -> None:
        """Its holder has been asked something: the same claim comes again, with the answer."""
        ...
