"""Sends a text message through the clinic's SMS gateway. Used by `checkin.codes.issuing`.

Gateways differ in the names of their fields only; those are settings.
"""

from typing import Final

from config.settings import Sms
from streamer.errors import InputError, OutsideError
from streamer.exchange.outside import Answer, Call, Outside, Trust, at, read_token

_REDIRECTS: Final = range(300, 400)
_DONE: Final = range(200, 300)


class SmsGateway:
    """Posts each message once. What it sends is logged nowhere."""

    def __init__(self, settings: Sms) -> None:
        """Keep the settings; nothing is opened."""
        self._settings = settings
        self._outside = Outside(
            "sms", Trust(settings.ca_file), settings.connect_timeout_s, settings.timeout_s
        )

    @property
    def there(self) -> bool:
        """Is there a gateway at all?"""
        return self._settings.url is not None

    async def send(self, phone: str, text: str) -> None:
        """Hand a message over; returning means that the gateway has taken it.

        Raises:
            InputError: No gateway is set.
            OutsideError: It refuses, is away or answers with something else. The message may have
                been sent all the same.
        """
        url = self._settings.url
        if url is None:
            raise InputError("sms.url: is not set; set it, or hand the code over at the desk")
        body = {
            name: value.replace("{phone}", phone).replace("{text}", text)
            for name, value in self._settings.body.items()
        }
        as_json = self._settings.format == "json"
        answer = await self._outside.call(
            Call(
                method="POST",
                url=url.get_secret_value(),
                headers=await self._headers(),
                json=body if as_json else None,
                form=None if as_json else body,
            )
        )
        self._check(answer)

    async def _headers(self) -> dict[str, str]:
        headers = dict(self._settings.headers)
        token = await read_token("sms", self._settings.token_file)
        if token is not None:
            headers[self._settings.token_header] = self._settings.token_prefix + token
        return headers

    def _check(self, answer: Answer) -> None:
        if answer.status in _REDIRECTS:
            raise OutsideError(
                f"sms: points elsewhere (HTTP {answer.status}), and the secret goes nowhere else; "
                "correct sms.url"
            )
        if answer.status not in _DONE:
            raise OutsideError(
                f"sms: refuses the message (HTTP {answer.status}); see its secret, its fields and "
                "the account there"
            )
        field = self._settings.accepted_field
        if field is None:
            return
        said = at(answer.json(), field)
        word = str(said).lower() if isinstance(said, str | int | float) else ""
        if word not in {value.lower() for value in self._settings.accepted_values}:
            raise OutsideError(
                f"sms: did not say in {field} that it took the message; see sms.accepted_field and "
                "the account there"
            )
