"""Mails a report: a link to it, or its files encrypted. Used by `reporting/sending`.

Without STARTTLS and a certificate that is trusted nothing is sent, unless the settings say so.
"""

import asyncio
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

import aiosmtplib

from config.settings import Destination, Mail
from streamer.clock import Clock
from streamer.crypto.smime import encrypt_for
from streamer.domain.report.parcel import Parcel
from streamer.errors import InputError, OutsideError
from streamer.exchange.deliver.mail_words import subject_of, text_of
from streamer.exchange.outside import Trust
from streamer.exchange.reports.words import Words

_PLAIN: Final = SMTP.clone(max_line_length=0, cte_type="7bit")


class MailDelivery:
    """One address; a connection for each try."""

    def __init__(self, destination: Destination, mail: Mail, clock: Clock) -> None:
        """Keep the settings; `email` and `mail.host` are set."""
        self._destination = destination
        self._mail = mail
        self._clock = clock
        self._name = f"destination {destination.id}"

    async def deliver(self, parcel: Parcel) -> None:
        """Hand it to the server; returning means that the server has taken it.

        Raises:
            OutsideError: It is not known to be taken. Without the address.
        """
        message = await self._message(parcel)
        context = await asyncio.to_thread(Trust(self._mail.ca_file).context, "mail")
        try:
            async with asyncio.timeout(self._mail.timeout_s):
                await self._send(message, context)
        except (TimeoutError, aiosmtplib.SMTPTimeoutError) as error:
            raise self._error(
                "no answer of the mail server in time; see whether mail.host and the way to it work"
            ) from error
        except aiosmtplib.SMTPAuthenticationError as error:
            raise self._error(
                "the mail server refuses the account; see mail.user and mail.password_file"
            ) from error
        # The server's words may repeat addresses, so its code is all that is told of them.
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = ", ".join(str(one.code) for one in error.recipients)
            raise self._error(f"the mail server refuses the address ({codes}); see it") from error
        except aiosmtplib.SMTPResponseException as error:
            raise self._error(
                f"the mail server refuses the message ({error.code}); see mail.sender and what it "
                "takes"
            ) from error
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, OSError) as error:
            raise self._error(
                "the mail server cannot be reached, hung up, or its certificate is not trusted; "
                "see mail.host, mail.port and mail.ca_file"
            ) from error
        except (aiosmtplib.SMTPException, ValueError) as error:
            raise self._error(
                "the mail server has no STARTTLS, or can't be asked as the settings say; see "
                "mail.security"
            ) from error

    async def _send(self, message: EmailMessage, context: ssl.SSLContext) -> None:
        mail = self._mail
        password = None if mail.password is None else mail.password.get_secret_value()
        encrypted = mail.security != "none"
        await aiosmtplib.send(
            message,
            sender=mail.sender,
            recipients=[str(self._destination.email)],
            hostname=mail.host,
            port=mail.port,
            username=mail.user,
            password=password,
            # Else the library asks for this machine's full name, and waits for the answer.
            local_hostname=mail.sender.rpartition("@")[2],
            timeout=mail.connect_timeout_s,
            use_tls=mail.security == "tls",
            start_tls=mail.security == "starttls",
            tls_context=context if encrypted else None,
        )

    async def _message(self, parcel: Parcel) -> EmailMessage:
        content = _content(parcel)
        if self._destination.attach != "encrypted":
            self._address(content, parcel)
            return content
        certificate = self._destination.certificate
        assert certificate is not None
        try:
            pem = await asyncio.to_thread(certificate.read_bytes)
            sealed = await asyncio.to_thread(
                encrypt_for, pem, content.as_bytes(policy=_PLAIN), self._clock.now()
            )
        except OSError as error:
            raise self._error(f"{certificate}: cannot be read ({error.strerror})") from error
        except InputError as error:
            raise self._error(f"{certificate}: {error.message}") from error
        message = EmailMessage(policy=SMTP)
        message.set_content(
            sealed,
            maintype="application",
            subtype="pkcs7-mime",
            cte="base64",
            disposition="attachment",
            filename="smime.p7m",
            params={"smime-type": "enveloped-data", "name": "smime.p7m"},
        )
        self._address(message, parcel)
        return message

    def _address(self, message: EmailMessage, parcel: Parcel) -> None:
        sender = self._mail.sender
        message["From"] = sender
        message["To"] = str(self._destination.email)
        message["Subject"] = subject_of(
            parcel.language, site=parcel.site_name, period=_period(parcel), number=parcel.number
        )
        message["Date"] = format_datetime(self._clock.now())
        # With every try the same: a mailbox may tell by it that it has the message already.
        message["Message-ID"] = f"<{parcel.delivery_id}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"

    def _error(self, why: str) -> OutsideError:
        return OutsideError(f"{self._name}: {why}")


def _content(parcel: Parcel) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    text = text_of(
        parcel.language,
        parcel.state,
        parcel.link,
        site=parcel.site_name,
        period=_period(parcel),
        number=parcel.number,
        made_at=f"{parcel.made_at:%d.%m.%Y %H:%M}",
        digest=parcel.digest,
    )
    message.set_content(text, cte="base64")
    for file in parcel.files:
        kind, _, more = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=more, filename=file.name)
    return message


def _period(parcel: Parcel) -> str:
    """As people of the mail's language write days; no zone is asked for."""
    return Words(parcel.language, "UTC").period(parcel.period)
