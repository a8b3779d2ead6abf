"""Makes codes out: on the screen or on paper, or to the patient's registered phone.

Called by `kirdi codes issue`.
"""

from datetime import datetime, tzinfo
from typing import Protocol
from uuid import UUID

import structlog

from streamer.checkin.codes.message import message
from streamer.clock import Clock
from streamer.domain.actor import Actor
from streamer.domain.code import CodeKind, CodeOrder, IssuedCode
from streamer.errors import InputError, KirdiError, OutsideError, UnsentError

log = structlog.get_logger(__name__)


class CodeStore(Protocol):
    """Keeps what is in force; `storage.codes.PostgresCodes` does."""

    async def issue(self, order: CodeOrder, by: Actor, now: datetime) -> IssuedCode:
        """Put a new code in force, and the former one out of force."""
        ...

    async def revoke(self, code_id: UUID, now: datetime) -> None:
        """Take a code out of force."""
        ...


class Messenger(Protocol):
    """Sends text messages; `exchange.sms_gateway.SmsGateway` does."""

    @property
    def there(self) -> bool:
        """Is there any way to send one?"""
        ...

    async def send(self, phone: str, text: str) -> None:
        """Hand one over. Raises OutsideError where it is not known to be on its way."""
        ...


class Issuing:
    """The counter at which codes are made out."""

    def __init__(
        self, store: CodeStore, messenger: Messenger, site: tuple[str, tzinfo], clock: Clock
    ) -> None:
        """Keep the collaborators; `site` is the name people know it by, and its time zone."""
        self._store = store
        self._messenger = messenger
        self._site_name, self._zone = site
        self._clock = clock

    async def issue(self, order: CodeOrder, by: Actor) -> IssuedCode:
        """Issue a code, and send it where that is wanted.

        A code that could not be sent is revoked: it would be graded as if it had been.

        Raises:
            InputError: Why none can be issued.
            UnsentError: The gateway did not take it; what to do instead.
            DatabaseError: No code is known to be in force.
        """
        if order.sent and order.kind is not CodeKind.DIGITS:
            raise InputError("send: a text message holds digits, no QR code; issue digits")
        if order.sent and not self._messenger.there:
            raise InputError(
                "send: text messages are not set up here; issue the code without sending it and "
                "hand it over, or ask your administrator to set them up",
                command="in the settings that is sms.url",
                code="no_gateway",
            )
        issued = await self._store.issue(order, by, self._clock.now())
        if order.sent:
            await self._send(issued)
        log.info(
            "code issued",
            code=str(issued.code_id),
            kind=issued.kind.value,
            grade=issued.grade.value,
            by=by.name,
        )
        return issued

    async def _send(self, issued: IssuedCode) -> None:
        text = message(
            issued.language,
            self._site_name,
            issued.secret,
            issued.expires_at,
            self._zone,
            issued.tickets,
        )
        sent = False
        try:
            await self._messenger.send(issued.phone or "", text)
            sent = True
        except OutsideError as error:
            raise UnsentError(
                "send: the message could not be handed over, and its code is revoked: try again, "
                "or issue one without sending it, and hand it over",
                command=str(error),
            ) from error
        finally:
            # Also where a person has interrupted the command.
            if not sent:
                await self._revoke(issued)

    async def _revoke(self, issued: IssuedCode) -> None:
        try:
            await self._store.revoke(issued.code_id, self._clock.now())
        except KirdiError as error:
            # Nobody has been shown its digits, and it expires.
            log.warning("code not revoked", code=str(issued.code_id), reason=str(error))
