"""Sends the revisions that are wanted somewhere. Called by `keeper`.

What does not arrive is tried again, more and more seldom, for three days; then it is given up,
which health and notices tell. A destination that is away holds up nobody else and loses no report.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, Protocol

import structlog

from config.settings import Destination, Mail
from streamer.clock import Clock
from streamer.domain.actor import SERVICE
from streamer.domain.report.delivery import ClaimedDelivery
from streamer.domain.report.parcel import Parcel
from streamer.errors import DatabaseError, InputError, KirdiError
from streamer.exchange.deliver.folder import FolderDelivery
from streamer.exchange.deliver.mail import MailDelivery
from streamer.exchange.deliver.webhook import WebhookDelivery
from streamer.jobs.job_runner import back_off
from streamer.storage.report_deliveries import PostgresDeliveries

log = structlog.get_logger(__name__)

# Three days: an hour apart from the fourth on, by the database's clock.
MOST_ATTEMPTS: Final = 76
# A long report is set and sent within the first; after the second another service may have it.
_TIMEOUT_S: Final = 900.0
_LEASE: Final = timedelta(minutes=20)


class Delivery(Protocol):
    """Brings a report somewhere."""

    async def deliver(self, parcel: Parcel) -> None:
        """Do it once, whole or not at all; raises KirdiError."""
        ...


class ReportForms(Protocol):
    """Reads a revision and writes it in a form."""

    async def parcel(self, claim: ClaimedDelivery, *, link: bool) -> Parcel:
        """Return a revision as it is sent, with a link or with its files; raises KirdiError."""
        ...


class ReportSending:
    """Of one site; several services share the work."""

    def __init__(
        self,
        destinations: Mapping[str, Destination],
        deliveries: PostgresDeliveries,
        forms: ReportForms,
        means: Callable[[Destination], Delivery],
        clock: Clock,
    ) -> None:
        """Keep the collaborators; `means` is how a destination is reached."""
        self._destinations = dict(destinations)
        self._deliveries = deliveries
        self._forms = forms
        self._means = means
        self._clock = clock

    async def send_next(self) -> bool:
        """Try to send one that is due; False = there is none.

        Raises:
            DatabaseError: It is away; what was under way is tried again.
        """
        claim = await self._deliveries.claim(_LEASE)
        if claim is None:
            return False
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._send(claim)
        except DatabaseError:
            raise
        except TimeoutError:
            await self._failed(claim, f"was not done in {_TIMEOUT_S:.0f} s")
        except KirdiError as error:
            await self._failed(claim, error.message)
        except Exception as error:  # a fault of ours must not stop what others are sent
            log.exception("report not sent", delivery=str(claim.delivery_id))
            await self._failed(claim, f"a fault of the program ({type(error).__name__})")
        else:
            await self._deliveries.sent(claim, SERVICE, self._clock.now())
            log.info("report sent", delivery=str(claim.delivery_id), to=claim.wanted.destination)
        return True

    async def _send(self, claim: ClaimedDelivery) -> None:
        wanted = claim.wanted
        destination = self._destinations.get(wanted.destination)
        if destination is None:
            raise InputError(f"destination {wanted.destination}: the settings name none of this id")
        # A folder of one's own gets the files; a mailbox only where the settings say so.
        link = destination.folder is None and destination.attach == "link"
        parcel = await self._forms.parcel(claim, link=link)
        await self._means(destination).deliver(parcel)

    async def _failed(self, claim: ClaimedDelivery, error: str) -> None:
        now = self._clock.now()
        again_in = back_off(claim.attempts) if claim.attempts < MOST_ATTEMPTS else None
        await self._deliveries.failed(claim, SERVICE, now, error, again_in)
        say = log.error if again_in is None else log.warning
        say(
            "report not sent" if again_in is None else "report not sent yet",
            delivery=str(claim.delivery_id),
            to=claim.wanted.destination,
            attempt=claim.attempts,
            reason=error,
        )


def means_of(mail: Mail, clock: Clock) -> Callable[[Destination], Delivery]:
    """Return what finds the way to a destination."""

    def found(destination: Destination) -> Delivery:
        if destination.folder is not None:
            return FolderDelivery(destination.id, destination.folder)
        if destination.email is not None:
            return MailDelivery(destination, mail, clock)
        return WebhookDelivery(destination, clock)

    return found
